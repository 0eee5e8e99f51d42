/* FORMAT.md, section 5: from rows of the table to probabilities. */
#ifndef KD_NETWORK_H
#define KD_NETWORK_H
#include <math.h>
#include "ngrams.h"

#ifdef KD_FLOAT32
#define EXP expf
#define SQRT sqrtf
#else
#define EXP exp
#define SQRT sqrt
#endif

static uint64_t load64(const uint8_t *p)
{
    return load32(p) | (uint64_t)load32(p + 4) << 32;
}

static kd_real load_real(const uint8_t *p)
{
    uint32_t bits = load32(p);
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static kd_real number_at(const uint8_t *numbers, size_t at) { return load_real(numbers + 4 * at); }

/* Whether none of so many floats is infinite or NaN. */
static int all_finite(const uint8_t *numbers, uint64_t many)
{
    for (uint64_t k = 0; k < many; k++)
        if ((load32(numbers + 4 * (size_t)k) >> 23 & 255) == 255) return 0;
    return 1;
}

/* Adds eight columns of the gathered rows to their sums.

   Eight signed bytes are one 64-bit word. With 128 added to each, bytes are never negative, and
   those with even and odd places add up in four lanes of 16 bits each: no more than ROWS of them,
   so that no lane overflows into the next. */
static void add_eight(const gathered *g, const uint8_t *column, size_t width, int64_t *sums)
{
    const uint64_t flip = 0x8080808080808080u, lanes = 0x00FF00FF00FF00FFu;
    uint64_t even = 0, odd = 0;
    for (uint32_t k = 0; k < g->number; k++) {
        uint64_t bytes = load64(column + g->rows[k] * width) ^ flip;
        even += bytes & lanes;
        odd += bytes >> 8 & lanes;
    }
    const int64_t added = 128 * (int64_t)g->number;
    for (int lane = 0; lane < 4; lane++) {
        sums[2 * lane] += (int64_t)(even >> 16 * lane & 0xFFFF) - added;
        sums[2 * lane + 1] += (int64_t)(odd >> 16 * lane & 0xFFFF) - added;
    }
}

/* Adds the gathered rows to the sums of the dimensions, and forgets them. */
static void add_up(gathered *g, int64_t *sums)
{
    const uint32_t width = g->student->item.dimensions;
    const uint8_t *table = g->student->table;
    uint32_t column = 0;
    for (; column + 8 <= width; column += 8) add_eight(g, table + column, width, sums + column);
    for (; column < width; column++)
        for (uint32_t k = 0; k < g->number; k++) {
            int64_t byte = table[(size_t)g->rows[k] * width + column];
            sums[column] += (byte ^ 128) - 128;
        }
    g->number = 0;
}

static void make_room(gathered *g, int64_t *sums)
{
    if (g->number > ROWS - ROWS_OF_A_WORD) add_up(g, sums);
}

/* Where the floats after the table lie: scale, bias, head, head bias. */
static const uint8_t *head_of(const kd_student *s) { return s->numbers + 8 * (size_t)s->item.dimensions; }

static uint64_t numbers_of(const kd_item *item)
{
    return (uint64_t)item->dimensions * (2 + (uint64_t)item->classes) + item->classes;
}

/* The dimension's unit: what a response with `known` rows and these sums puts into it. `more` is
   what a question's numbers add. */
static kd_real hidden_unit(const kd_student *s, uint32_t d, int64_t sum, kd_real factor)
{
    return (kd_real)sum * number_at(s->numbers, d) * factor;
}

/* Turns logits into probabilities, in place. */
static void softmax(kd_real *logits, uint32_t classes)
{
    kd_real top = logits[0], whole = 0;
    for (uint32_t k = 1; k < classes; k++)
        if (logits[k] > top) top = logits[k];
    for (uint32_t k = 0; k < classes; k++) {
        logits[k] = EXP(logits[k] - top);
        whole += logits[k];
    }
    for (uint32_t k = 0; k < classes; k++) logits[k] /= whole;
}

static kd_real factor_of(uint32_t known) { return (kd_real)1 / SQRT((kd_real)(known ? known : 1)); }

/* The probabilities of a response. `numbers` are those of a question's relation, `many` of them. */
static void network(const kd_student *s, const int64_t *sums, uint32_t known,
                    const double *numbers, uint32_t many, kd_real *probabilities)
{
    const uint32_t width = s->item.dimensions, classes = s->item.classes;
    const uint8_t *bias = s->numbers + 4 * (size_t)width, *head = head_of(s);
    const kd_real factor = factor_of(known);
    for (uint32_t k = 0; k < classes; k++)
        probabilities[k] = number_at(head, (size_t)classes * width + k);
    for (uint32_t d = 0; d < width; d++) {
        kd_real added = number_at(bias, d);
        for (uint32_t i = 0; i < many; i++)
            added += (kd_real)numbers[i] * number_at(s->related, (size_t)i * width + d);
        kd_real hidden = hidden_unit(s, d, sums[d], factor) + added;
        if (hidden > 0)
            for (uint32_t k = 0; k < classes; k++)
                probabilities[k] += hidden * number_at(head, (size_t)k * width + d);
    }
    softmax(probabilities, classes);
}
#endif
