/* FORMAT.md, section 4: hashes, the vocabulary, and which rows of the table a word brings. */
#ifndef KD_NGRAMS_H
#define KD_NGRAMS_H
#include <string.h>
#include "reader.h"

#define NONE 0xFFFFFFFFu

/* Rows that are gathered before they are added up. Sums of so many bytes fit in 16 bits, and a word
   brings at most 44 rows: itself, a pair and 42 runs of a letter. */
#ifdef KD_SMALL
#define ROWS 64
#else
#define ROWS 256
#endif
#define ROWS_OF_A_WORD 44

/* Members may lie at any address. */
static uint32_t load32(const uint8_t *p)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
#else
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
#endif
}

/* ---- CRC-32, of which the state is kept inverted while bytes are added ---- */

static uint32_t crc_byte(uint32_t state, uint8_t byte)
{
#ifdef KD_SMALL
    /* Four bits at a time: a table of 64 bytes in place of 1,024. */
    static const uint32_t quarter[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    state ^= byte;
    state = quarter[state & 15] ^ state >> 4;
    return quarter[state & 15] ^ state >> 4;
#else
    return kd_crc[(state ^ byte) & 255] ^ state >> 8;
#endif
}

static uint32_t crc(uint32_t state, const uint8_t *bytes, uint32_t number)
{
#ifndef KD_SMALL
    for (; number >= 4; number -= 4, bytes += 4) {
        state ^= load32(bytes);
        state = kd_crc3[state & 255] ^ kd_crc2[state >> 8 & 255]
              ^ kd_crc1[state >> 16 & 255] ^ kd_crc[state >> 24];
    }
#endif
    while (number--) state = crc_byte(state, *bytes++);
    return state;
}

/* What is hashed begins with a letter for its kind. */
static uint32_t word_state(void) { return crc_byte(0xFFFFFFFFu, 'w'); }
static uint32_t gram_state(void) { return crc_byte(0xFFFFFFFFu, 'g'); }

static uint32_t hash_word(const word *w) { return ~crc(word_state(), w->marked + 1, w->bytes); }

/* ---- look-ups ---- */

/* The place of a key in a rising table, or NONE. */
static uint32_t search(const uint8_t *table, uint32_t number, uint32_t key)
{
    uint32_t low = 0, high = number;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, found = load32(table + 4 * (size_t)middle);
        if (found == key) return middle;
        if (found < key) low = middle + 1;
        else high = middle;
    }
    return NONE;
}

#ifndef KD_SMALL
/* The four bytes, as a number, after which the CRC-32 of state 0 is `state`. There is exactly one
   such number, so a run of four letters in ASCII is found by its bytes, without a hash. */
static uint32_t four_bytes(uint32_t state)
{
    for (int k = 0; k < 4; k++) {
        uint32_t place = kd_crc_place[state >> 24];
        state = (state ^ kd_crc[place]) << 8 | place;
    }
    return state;
}

/* An index is a table of slots, a power of two and at least twice as many as it has keys. A slot is
   a key and the row plus one; 0 for an empty one. */
static uint32_t slots(uint32_t keys)
{
    uint32_t number = 4;
    while (number / 2 < keys) number *= 2;
    return number;
}

static uint32_t first_slot(uint32_t key, uint32_t mask)
{
    key *= 0x9E3779B1u;
    return (key ^ key >> 15) & mask;
}

static void put(uint32_t *index, uint32_t mask, uint32_t key, uint32_t row)
{
    uint32_t at = first_slot(key, mask);
    while (index[2 * (size_t)at + 1]) at = (at + 1) & mask;
    index[2 * (size_t)at] = key;
    index[2 * (size_t)at + 1] = row + 1;
}

static uint32_t get(const uint32_t *index, uint32_t mask, uint32_t key)
{
    for (uint32_t at = first_slot(key, mask);; at = (at + 1) & mask) {
        uint32_t row = index[2 * (size_t)at + 1];
        if (!row || index[2 * (size_t)at] == key) return row - 1;
    }
}
#endif

size_t kd_index_bytes(const kd_item *item)
{
#ifdef KD_SMALL
    (void)item;
    return 0;
#else
    return 8 * ((size_t)slots(item->words) + slots(item->grams) + slots(item->pairs));
#endif
}

int kd_use_index(kd_student *s, void *memory, size_t bytes)
{
#ifdef KD_SMALL
    (void)s, (void)memory, (void)bytes;
#else
    const kd_item *item = &s->item;
    uint32_t *index = memory, row = 0;
    if (bytes < kd_index_bytes(item)) return KD_E_MEMORY;
    memset(memory, 0, kd_index_bytes(item));
    s->index = index;
    s->word_mask = slots(item->words) - 1;
    s->gram_mask = slots(item->grams) - 1;
    s->pair_mask = slots(item->pairs) - 1;
    for (; row < item->words; row++)
        put(index, s->word_mask, load32(s->vocabulary + 4 * (size_t)row), row);
    index += 2 * ((size_t)s->word_mask + 1);
    for (; row < item->words + item->grams; row++) {
        uint32_t hash = load32(s->vocabulary + 4 * (size_t)row);
        put(index, s->gram_mask, four_bytes(~hash) ^ gram_state(), row);
    }
    index += 2 * ((size_t)s->gram_mask + 1);
    for (; row < item->words + item->grams + item->pairs; row++)
        put(index, s->pair_mask, load32(s->vocabulary + 4 * (size_t)row), row);
#endif
    return 0;
}

void kd_share_index(kd_student *s, const kd_student *other)
{
    s->index = other->index;
    s->word_mask = other->word_mask;
    s->gram_mask = other->gram_mask;
    s->pair_mask = other->pair_mask;
}

/* Each finds a row, or NONE. */
static uint32_t find_word(const kd_student *s, uint32_t hash)
{
#ifndef KD_SMALL
    if (s->index) return get(s->index, s->word_mask, hash);
#endif
    return search(s->vocabulary, s->item.words, hash);
}

static uint32_t find_gram(const kd_student *s, uint32_t state)
{
#ifndef KD_SMALL
    if (s->index)
        return get(s->index + 2 * ((size_t)s->word_mask + 1), s->gram_mask,
                   four_bytes(state) ^ gram_state());
#endif
    uint32_t place = search(s->vocabulary + 4 * (size_t)s->item.words, s->item.grams, ~state);
    return place == NONE ? NONE : place + s->item.words;
}

static uint32_t find_pair(const kd_student *s, uint32_t first, uint32_t second)
{
    const uint32_t code = first << 16 | second;
#ifndef KD_SMALL
    if (s->index)
        return get(s->index + 2 * ((size_t)s->word_mask + 1 + s->gram_mask + 1), s->pair_mask,
                   code);
#endif
    const uint32_t before = s->item.words + s->item.grams;
    uint32_t place = search(s->vocabulary + 4 * (size_t)before, s->item.pairs, code);
    return place == NONE ? NONE : place + before;
}

/* Checks the three tables. */
static int check_vocabulary(const kd_item *item, const uint8_t *table)
{
    const uint32_t sizes[3] = {item->words, item->grams, item->pairs};
    for (int kind = 0; kind < 3; table += 4 * (size_t)sizes[kind++])
        for (uint32_t k = 0; k < sizes[kind]; k++) {
            uint32_t code = load32(table + 4 * (size_t)k);
            if (k && code <= load32(table + 4 * (size_t)k - 4)) return KD_E_TABLE;
            if (kind == 2 && (code >> 16 >= item->words || (code & 0xFFFF) >= item->words))
                return KD_E_TABLE;
        }
    return 0;
}

/* ---- runs of letters ---- */

static int begins_letter(uint8_t byte) { return (byte & 0xC0) != 0x80; }

static const uint8_t *next_letter(const uint8_t *at)
{
    do at++; while (!begins_letter(*at));
    return at;
}

/* A walk over the runs of `length` letters of a marked word. */
typedef struct {
    const uint8_t *from, *to, *end;
} runs;

static runs runs_of(const word *w, uint32_t length)
{
    runs r = {w->marked, w->marked, w->marked + w->bytes + 2};
    uint32_t letters = w->bytes - w->extra + 2;
    if (!length || length > letters) r.to = NULL;
    else if (!w->extra) r.to += length;
    else while (length--) r.to = next_letter(r.to);
    return r;
}

/* Moves on to the next run; 0 after the last. */
static int next_run(runs *r)
{
    if (r->to == r->end) return 0;
    r->from = next_letter(r->from);
    r->to = next_letter(r->to);
    return 1;
}

/* ---- the rows of a response ---- */

typedef struct {
    const kd_student *student;
    uint32_t before;        /* the place of the word before, or NONE */
    uint32_t number;        /* of rows that are gathered */
    uint32_t rows[ROWS];
} gathered;

static void add(gathered *g, uint32_t row)
{
    if (row != NONE) g->rows[g->number++] = row;
}

static void add_grams(gathered *g, const word *w)
{
    const kd_student *s = g->student;
    const uint32_t length = s->item.gram;
    if (!s->item.grams) return;
#ifndef KD_SMALL
    if (length == 4 && !w->extra && s->index) {
        const uint32_t *index = s->index + 2 * ((size_t)s->word_mask + 1);
        const uint8_t *at = w->marked, *const end = at + w->bytes + 2 - 3;
        for (; at < end; at++) add(g, get(index, s->gram_mask, load32(at)));
        return;
    }
#endif
    runs r = runs_of(w, length);
    if (!r.to) return;
    do add(g, find_gram(s, crc(gram_state(), r.from, (uint32_t)(r.to - r.from)))); while (next_run(&r));
}

/* Adds the row of the pair that a word completes. */
static void add_pair(gathered *g, uint32_t place)
{
    if (place != NONE && g->before != NONE) add(g, find_pair(g->student, g->before, place));
    g->before = place;
}
#endif
