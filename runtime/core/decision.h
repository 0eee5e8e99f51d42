/* FORMAT.md, section 7: from probabilities to a class. Always in 64-bit floats. */
#ifndef KD_DECISION_H
#define KD_DECISION_H
#include "network.h"

/* Products of numbers below this and of 10^9 are whole or have parts below a half. */
#define LARGE 4e6

/* x times `scale` (a power of ten up to 10^9), rounded to a whole number from its exact value,
   halves to even, as Python's `round` and "%.*f" do; for |x| < LARGE. */
static double scaled(double x, double scale)
{
    /* The product's own rounding error, exactly, from halves of both factors (Dekker 1971). */
    double product = x * scale, big = x * 134217729.0, high = big - (big - x), low = x - high;
    double wide = scale * 134217729.0, up = wide - (wide - scale), down = scale - up;
    double error = ((high * up - product) + high * down + low * up) + low * down;
    double whole = floor(product), off = product - whole - 0.5;
    if (off > 0 || (off == 0 && (error > 0 || (error == 0 && fmod(whole, 2) != 0)))) whole += 1;
    return whole;
}

/* Nine decimals: 1.4999999999998 and 1.5 are the same score, however it was added up. */
static double nine_decimals(double x)
{
    return fabs(x) < LARGE ? scaled(x, 1e9) / 1e9 : x;
}

/* The place of the value that is nearest to a whole number; of equals the first. */
static uint32_t nearest_whole(const kd_item *item, double whole)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < item->classes; k++)
        if (fabs(item->worth[k] - whole) < fabs(item->worth[best] - whole)) best = k;
    return best;
}

/* The place of the point that is nearest to an expected score; of equals that of greater worth. */
static uint32_t nearest_point(const kd_item *item, double expected)
{
    const double *worth = item->worth;
    const uint32_t last = item->classes - 1;
    const int falls = worth[last] < worth[0];
    uint32_t best = falls ? last : 0;
    expected = nine_decimals(expected);
    for (uint32_t k = 0; k < last; k++) {
        uint32_t next = falls ? best - 1 : best + 1;
        if (nine_decimals((worth[best] + worth[next]) / 2) > expected) break;
        best = next;
    }
    return best;
}

static uint32_t decide(const kd_student *s, const kd_real *probabilities, double *expected)
{
    const kd_item *item = &s->item;
    double mean = 0;
    uint32_t best = 0;
    for (uint32_t k = 0; k < item->classes; k++) {
        mean += (double)probabilities[k] * item->worth[k];
        if (probabilities[k] > probabilities[best]) best = k;
    }
    *expected = mean;
    if (item->decision == KD_MOST_PROBABLE) return best;
    if (!s->whole) return nearest_point(item, mean);
    double whole = floor(mean + 0.5), off = mean + 0.5 - whole;
    if (!(1e-6 < off && off < 1 - 1e-6)) whole = floor(nine_decimals(mean) + 0.5);
    return nearest_whole(item, whole);
}

/* Whether a minus is written, for -0 too. */
static int is_negative(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits >> 63 != 0;
}

size_t kd_decimal(double x, int decimals, char *text)
{
    static const uint32_t powers[10] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
    if (!(fabs(x) < LARGE) || decimals < 0 || decimals > 9) return 0;
    char digits[20], *out = text;
    int number = 0;
    uint64_t value = (uint64_t)scaled(fabs(x), powers[decimals]);
    while (number <= decimals || value) {
        if (number == decimals && decimals) digits[number++] = '.';
        digits[number++] = (char)('0' + value % 10);
        value /= 10;
        if (number > decimals && !value) break;
    }
    if (is_negative(x)) *out++ = '-';
    while (number) *out++ = digits[--number];
    return (size_t)(out - text);
}
#endif
