/* What the core takes of C's mathematics, for kd_wasm.c. WebAssembly has instructions for some of it;
   `exp` and `log` are written out here, so that every engine gives the same bits: to within 0.52 units in
   the last place, as good C libraries do. */
#ifndef KD_WASM_MATH_H
#define KD_WASM_MATH_H
#include <stdint.h>
#include <string.h>

#define HUGE_VAL __builtin_huge_val()
#define fabs(x) __builtin_fabs(x)
#define floor(x) __builtin_floor(x)
#define sqrt(x) __builtin_sqrt(x)

/* Of whole numbers below 2^53, and a power of two. */
static double fmod(double x, double y) { return x - y * floor(x / y); }

static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

/* 2^(k / 32), and what a double does not hold of it. */
static const double roots[32][2] = {
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.059b0d3158574p+0, 0x1.d73e2a475b465p-55},
    {0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
    {0x1.11301d0125b51p+0, -0x1.6c51039449b3ap-54},
    {0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
    {0x1.1d4873168b9aap+0, 0x1.e016e00a2643cp-54},
    {0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
    {0x1.29e9df51fdee1p+0, 0x1.612e8afad1255p-55},
    {0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
    {0x1.371a7373aa9cbp+0, -0x1.63aeabf42eae2p-54},
    {0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
    {0x1.44e086061892dp+0, 0x1.89b7a04ef80d0p-59},
    {0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
    {0x1.5342b569d4f82p+0, -0x1.07abe1db13cadp-55},
    {0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
    {0x1.6247eb03a5585p+0, -0x1.383c17e40b497p-54},
    {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
    {0x1.71f75e8ec5f74p+0, -0x1.16e4786887a99p-55},
    {0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
    {0x1.82589994cce13p+0, -0x1.d4c1dd41532d8p-54},
    {0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
    {0x1.93737b0cdc5e5p+0, -0x1.75fc781b57ebcp-57},
    {0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
    {0x1.a5503b23e255dp+0, -0x1.d2f6edb8d41e1p-54},
    {0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
    {0x1.b7f76f2fb5e47p+0, -0x1.5584f7e54ac3bp-56},
    {0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
    {0x1.cb720dcef9069p+0, 0x1.503cbd1e949dbp-56},
    {0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
    {0x1.dfc97337b9b5fp+0, -0x1.1a5cd4f184b5cp-54},
    {0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54},
    {0x1.f50765b6e4540p+0, 0x1.9d3e12dd8a18bp-54}};

/* e^x, for x of at most 0: it is 2^(k / 32) e^r, where r is small. */
static double exp(double x)
{
    if (!(x > -745.2)) return x == x ? 0 : x;
    const double k = floor(x * 0x1.71547652b82fep+5 + 0.5);
    /* k ln(2) / 32 in two parts, of which k times the first is exact. */
    const double high = x - k * 0x1.62e42fefa0000p-6, low = k * 0x1.cf79abc9e3b3ap-45;
    const double r = high - low, rest = high - r - low;
    const double more = rest + r * r * (0.5 + r * (1 / 6.0 + r * (1 / 24.0 + r * (1 / 120.0 + r / 720))));
    const int whole = (int)k, part = whole & 31, exponent = (whole - part) / 32;
    const double root = roots[part][0], grown = root + (roots[part][1] + root * (r + more));
    /* Numbers below 2^-1022 in two steps. */
    return exponent < -1000 ? grown * power_of_two(exponent + 1000) * power_of_two(-1000)
                            : grown * power_of_two(exponent);
}

/* The natural logarithm of a number from 1 to 2^53: with x = 2^k m and s = (m - 1) / (m + 1), it is
   k ln(2) + 2 (s + s^3 / 3 + s^5 / 5 + ...). */
static double log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    int k = (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u;
    double m;
    memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) {
        m /= 2;
        k++;
    }
    /* s and what a double does not hold of it: m + 1 may be rounded, products of halves are exact. */
    const double up = m - 1, down = m + 1, lost = m - (down - 1), s = up / down;
    float half = (float)s, wide = (float)down;
    const double s_high = half, s_low = s - s_high, d_high = wide, d_low = down - d_high;
    const double product = s_high * d_high, left = s_high * d_low + s_low * d_high + s_low * d_low;
    const double rest = ((up - product) - left - s * lost) / down;
    const double square = s * s;
    double series = 0;
    for (int n = 25; n >= 3; n -= 2) series = square * (series + 1.0 / n);
    /* Added from the least part to the greatest: the rounding error of the last sum alone counts. */
    const double high = k * 0x1.62e42fefa3800p-1, low = k * 0x1.ef35793c76730p-45;
    const double sum = high + 2 * s, error = k ? (high - sum) + 2 * s : 0;
    return sum + (error + (low + 2 * (s * series + rest)));
}
#endif
