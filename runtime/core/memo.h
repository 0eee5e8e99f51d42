/* What frequent words bring, kept between responses: not in the format, and only for speed.

   A word of a response has most often been read before. A memo is a table, in the caller's scratch,
   of which each place holds one short word with the sums of its own rows: the word's and its runs'.
   A word that is met for the first time only takes its place, so that texts of new words cost no
   more than without a memo. */
#ifndef KD_MEMO_H
#define KD_MEMO_H
#include "pairs.h"

#ifdef KD_SMALL
size_t kd_memo_bytes(const kd_student *s) { (void)s; return 0; }
#else

#define MEMO_BITS 11            /* places, as a power of two */
#define MEMO_LETTERS 15         /* bytes of a word that is kept, at most */
#define NOT_SUMMED 0xFFFFFFFFu

typedef struct {
    uint64_t first, second;     /* the word's bytes, as in its key; 0 for a place without a word */
    uint32_t hash, place;       /* of the word, as `hash_word` and `find_word` give them */
    uint32_t rows, unused;      /* how many it brings; NOT_SUMMED where that is not known yet */
    int16_t sums[1];            /* one for each dimension: at most 44 times 128 */
} memo_entry;

#define MEMO_HEAD 32            /* bytes before `sums` */

static size_t entry_bytes(const kd_student *s)
{
    return MEMO_HEAD + (2 * (size_t)s->item.dimensions + 7) / 8 * 8;
}

size_t kd_memo_bytes(const kd_student *s)
{
    return s->item.student == KD_BAG ? entry_bytes(s) << MEMO_BITS : 0;
}

/* The place of a word, which may hold another one; NULL for a word that is too long. */
static memo_entry *memo_place(uint8_t *memo, size_t size, const word *w, uint64_t *first,
                              uint64_t *second)
{
    if (w->bytes > MEMO_LETTERS) return NULL;
    *first = w->key[0];
    *second = w->key[1];
    uint64_t mixed = (*first ^ *second * 0x9E3779B97F4A7C15u) * 0xC2B2AE3D27D4EB4Fu;
    return (memo_entry *)(memo + (mixed >> (64 - MEMO_BITS)) * size);
}

/* Adds the sums of a word that the memo holds. */
static void add_entry(const memo_entry *entry, uint32_t width, int64_t *sums)
{
    for (uint32_t d = 0; d < width; d++) sums[d] += entry->sums[d];
}

/* Sums up the rows that a word brings, from `from` on, for the next time. */
static void fill_entry(memo_entry *entry, const gathered *g, uint32_t from)
{
    const uint32_t width = g->student->item.dimensions;
    const uint8_t *table = g->student->table;
    for (uint32_t d = 0; d < width; d++) {
        int sum = 0;
        for (uint32_t k = from; k < g->number; k++)
            sum += (table[(size_t)g->rows[k] * width + d] ^ 128) - 128;
        entry->sums[d] = (int16_t)sum;
    }
    entry->rows = g->number - from;
}
#endif
#endif
