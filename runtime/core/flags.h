/* FORMAT.md, section 7: why a person should look at a response.

   What the flags need of earlier words is read from the response again, where it is needed at all:
   nothing is kept of a word but marks of places. */
#ifndef KD_FLAGS_H
#define KD_FLAGS_H
#include "decision.h"

#define FEW 8           /* shorter responses may copy or repeat by chance */
#define PROBES 5        /* pairs that are looked at before all of them are */

/* Places of words that are marked: every one, every second, every fourth ... word. */
#ifdef KD_SMALL
#define MARKS 8
#define SEEN 32
#else
#define MARKS 64
#define SEEN 128        /* bytes of a map with a bit for each remainder of a hash */
#endif

/* Different words that are counted at once, see `count_different`. */
#ifndef KD_DIFFERENT
#ifdef KD_SMALL
#define KD_DIFFERENT 64
#else
#define KD_DIFFERENT 1024
#endif
#endif

/* n^0.75; small libraries may lack `pow`, or bring it at some KB. */
#if defined KD_SMALL || defined KD_NO_POW
#define EXPECTED_DIFFERENT(n) (sqrt(n) * sqrt(sqrt(n)))
#else
#define EXPECTED_DIFFERENT(n) pow(n, 0.75)
#endif

typedef struct {
    mark marks[MARKS];
    uint32_t every;         /* words from mark to mark, as a power of two */
    uint32_t words;
    uint32_t bits;          /* that are set in `seen`: no more than there are different words */
    uint8_t seen[SEEN];
} places;

static void begin_places(places *p)
{
    p->every = p->words = p->bits = 0;
    memset(p->seen, 0, sizeof p->seen);
}

/* Marks the place of a word if it is one of those to mark. */
static void note_place(places *p, const mark *m)
{
    uint32_t number = p->words++, at = number >> p->every;
    if (number != at << p->every) return;
    if (at == MARKS) {
        for (uint32_t k = 0; k < MARKS / 2; k++) p->marks[k] = p->marks[2 * k];
        p->every++;
        at /= 2;
    }
    p->marks[at] = *m;
}

static void note_hash(places *p, uint32_t hash)
{
    uint32_t bit = hash % (8 * SEEN);
    uint8_t mask = (uint8_t)(1u << bit % 8);
    if (p->seen[bit / 8] & mask) return;
    p->seen[bit / 8] |= mask;
    p->bits++;
}

/* Puts a reader before word `number`. */
static void go_before(reader *r, const places *p, uint32_t number, const response *t)
{
    const uint32_t at = number >> p->every;
    word w;
    go_to(r, p->marks[at], t, &w);
    for (uint32_t skip = number - (at << p->every); skip; skip--) {
        read_word(r, &w);
        skip_rest(r, &w);
    }
}

/* ---- copies of the item's text ---- */

/* Reads a whole word and adds it to two CRCs; 0 at the end. Here words are not cut. */
static int add_whole_word(reader *r, uint32_t *a, uint32_t *b)
{
    word w;
    if (!read_word(r, &w)) return 0;
    for (;;) {
        *a = crc(*a, w.marked + 1, w.bytes);
        *b = crc(*b, w.marked + 1, w.bytes);
        if (!w.unfinished) return 1;
        read_word(r, &w);
    }
}

static int in_prompt(const kd_item *item, uint32_t hash)
{
    uint32_t low = 0, high = item->prompts;
    hash &= 0xFFFF;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (item->prompt[middle] == hash) return 1;
        if (item->prompt[middle] < hash) low = middle + 1;
        else high = middle;
    }
    return 0;
}

/* How many of `pairs` pairs of neighbours, from a reader's place on, are in the item's text. */
static uint32_t pairs_in_prompt(const kd_item *item, reader *r, uint32_t pairs)
{
    uint32_t pair = 0xFFFFFFFFu, next, number = 0;
    for (uint32_t k = 0; k <= pairs; k++) {
        next = 0xFFFFFFFFu;
        if (!add_whole_word(r, &pair, &next)) break;
        number += k && in_prompt(item, ~pair);
        pair = crc_byte(next, ' ');
    }
    return number;
}

APART static int copied(const kd_item *item, const places *p, const response *t)
{
    const uint32_t last = p->words - 2;
    int missed = 0;
    reader r;
    for (uint32_t k = 0; k < PROBES; k++) {
        go_before(&r, p, (uint32_t)((uint64_t)last * k / (PROBES - 1)), t);
        if (!pairs_in_prompt(item, &r, 1) && ++missed > 1) return 0;
    }
    begin_reader(&r, t);
    return pairs_in_prompt(item, &r, last + 1) >= 0.8 * (last + 1);
}

/* ---- different words ---- */

typedef struct {
    uint32_t hash;
    mark place;
} seen_word;

static int compare_pieces(const word *v, const word *w)
{
    int differ = memcmp(v->marked, w->marked, (v->bytes < w->bytes ? v->bytes : w->bytes) + 1);
    if (differ) return differ;
    return v->bytes != w->bytes ? (v->bytes < w->bytes ? -1 : 1) : v->unfinished - w->unfinished;
}

/* Compares the word that a reader has begun to read, of which `w` is the first piece, with another one
   letter by letter. The reader and `w` are then as they were. */
APART static int compare_letters(reader *r, word *w, const mark *here, const mark *there,
                                 const response *t)
{
    if (same_place(*here, *there)) return 0;
    reader other;
    word v;
    int order, moved = 0;
    go_to(&other, *there, t, &v);
    for (;; moved = 1) {
        read_word(&other, &v);
        order = compare_pieces(w, &v);
        if (order || !v.unfinished) break;
        read_word(r, w);
    }
    if (moved) {
        go_to(r, *here, t, w);
        read_word(r, w);
    }
    return order;
}

/* Compares words by hash, then letter by letter, since different words may have one hash. */
static int compare(const seen_word *met, reader *r, word *w, const seen_word *other, const response *t)
{
    if (met->hash != other->hash) return met->hash < other->hash ? -1 : 1;
    return t ? compare_letters(r, w, &met->place, &other->place, t) : 0;
}

/* Counts the different words of a response, up to `limit`; where `whole`, words as they are read,
   else their hashes.

   The response is read once where it has no more different words than there is room for. Else the
   least of them are kept, and each further reading counts those that are greater than the last. So
   memory is bounded, and only the time of very long responses with very many words grows. */
APART static uint32_t count_different(const response *t, int whole, double limit, seen_word *kept)
{
    const response *const compared = whole ? t : NULL;
    uint32_t counted = 0, number;
    seen_word greatest = {0, {0, 0, {0, 0}}};
    int more;
    do {
        reader r;
        word w;
        begin_reader(&r, t);
        w.unfinished = 0;
        number = 0;
        more = 0;
        for (;;) {
            seen_word met;
            skip_rest(&r, &w);
            mark_of(&r, &met.place);
            if (!read_word(&r, &w)) break;
            met.hash = hash_word(&w);
            if (counted && compare(&met, &r, &w, &greatest, compared) <= 0) continue;
            uint32_t low = 0, high = number;
            int found = 0;
            while (low < high && !found) {
                uint32_t middle = low + (high - low) / 2;
                int order = compare(&met, &r, &w, kept + middle, compared);
                if (order > 0) low = middle + 1;
                else high = middle;
                found = !order;
            }
            if (found) continue;
            if (number == KD_DIFFERENT) {
                more = 1;
                if (low == number) continue;
                number--;
            }
            memmove(kept + low + 1, kept + low, (number - low) * sizeof *kept);
            kept[low] = met;
            if (counted + ++number >= limit) return counted + number;
        }
        counted += number;
        if (more) greatest = kept[number - 1];
    } while (more);
    return counted;
}

/* Whether a response has fewer different words than so many. */
static int repeats(const places *p, double limit, const response *t, seen_word *kept)
{
    return p->bits < limit && count_different(t, 1, limit, kept) < limit;
}

/* ---- all flags ---- */

/* The flag of a response with at least a word; `known` is N. */
static kd_flag flag_of(const kd_item *item, const places *p, uint32_t known, kd_real confidence,
                       const response *t, seen_word *kept)
{
    const double words = p->words;
    if (item->longest && words > item->longest) return KD_LONG;
    if (p->words >= FEW) {
        if (item->prompts && copied(item, p, t)) return KD_PROMPT;
        if (item->distinct > 0 && repeats(p, item->distinct * EXPECTED_DIFFERENT(words), t, kept))
            return KD_REPEATS;
    }
    if (item->has_known) {
        const double root = sqrt(words), off = known - item->usual * words;
        if (!known || off < item->low * root) return KD_UNLIKE;
        if (p->words >= FEW && off > item->high * root) return KD_LIST;
    }
    return confidence < item->review ? KD_REVIEW : KD_OK;
}
#endif
