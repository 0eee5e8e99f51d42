/* SHA-256 (FIPS 180-4), of bytes that come in parts: pages that were opened as files or come from a
   device without a certificate may lack the browser's. */
#ifndef KD_SHA256_H
#define KD_SHA256_H
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
} sha256;

/* The first 32 bits of the fractions of the cube roots of primes, and of square roots. */
static uint32_t sha256_constants[64], sha256_start[8];

static uint32_t fraction(double x) { return (uint32_t)((x - floor(x)) * 4294967296.0); }

static void sha256_prepare(void)
{
    for (uint32_t prime = 2, number = 0; number < 64; prime++) {
        uint32_t divisor = 2;
        while (prime % divisor) divisor++;
        if (divisor < prime) continue;
        double root = 7;
        for (int k = 0; k < 12; k++) root -= (root - prime / (root * root)) / 3;
        sha256_constants[number] = fraction(root);
        if (number < 8) sha256_start[number] = fraction(sqrt(prime));
        number++;
    }
}

static uint32_t turned(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha256_block(sha256 *h)
{
    uint32_t w[64], s[8];
    for (int k = 0; k < 16; k++) {
        const uint8_t *at = h->block + 4 * k;
        w[k] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (int k = 16; k < 64; k++) {
        uint32_t a = w[k - 15], b = w[k - 2];
        w[k] = w[k - 16] + w[k - 7] + (turned(a, 7) ^ turned(a, 18) ^ a >> 3)
             + (turned(b, 17) ^ turned(b, 19) ^ b >> 10);
    }
    memcpy(s, h->state, sizeof s);
    for (int k = 0; k < 64; k++) {
        uint32_t a = s[0], e = s[4];
        uint32_t one = s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & s[5]) ^ (~e & s[6]))
                     + sha256_constants[k] + w[k];
        uint32_t two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22))
                     + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 28);
        s[4] += one;
        s[0] = one + two;
    }
    for (int k = 0; k < 8; k++) h->state[k] += s[k];
}

static void sha256_begin(sha256 *h)
{
    memcpy(h->state, sha256_start, sizeof sha256_start);
    h->bytes = 0;
}

static void sha256_add(sha256 *h, const uint8_t *bytes, size_t number)
{
    for (size_t k = 0; k < number; k++) {
        h->block[h->bytes++ & 63] = bytes[k];
        if (!(h->bytes & 63)) sha256_block(h);
    }
}

/* Ends: writes 32 bytes. */
static void sha256_end(sha256 *h, uint8_t *digest)
{
    const uint64_t bits = 8 * h->bytes;
    uint8_t end[72] = {0x80};
    const size_t zeros = (119 - (h->bytes & 63)) & 63;
    for (int k = 0; k < 8; k++) end[1 + zeros + k] = (uint8_t)(bits >> (56 - 8 * k));
    sha256_add(h, end, 9 + zeros);
    for (int k = 0; k < 32; k++) digest[k] = (uint8_t)(h->state[k / 4] >> (24 - 8 * (k & 3)));
}
#endif
