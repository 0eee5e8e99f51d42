/* FORMAT.md, section 12: how a response relates to its question and the reference answers.

   What `kd_open` writes to the caller's memory, all unsigned 32-bit numbers:

   codes       the different words of all references, rising; `known_codes` of them
   places      where each is in the vocabulary, or NONE
   ranks       for each word of each reference, in order, its place in `codes`; with REPEATED where
               the reference has had the word before
   neighbours  for each reference its different pairs of neighbours, as two ranks each, rising
   references  for each reference a `reference` */
#ifndef KD_PAIRS_H
#define KD_PAIRS_H
#include "flags.h"

#ifdef KD_BAG_ONLY
#define IS_PAIRS(item) ((void)(item), 0)
#else
#define IS_PAIRS(item) ((item)->student == KD_PAIRS)
#endif

#define RELATED 13              /* numbers of relation rules 1 */
#define RELATED_GRAM 4
#define REPEATED 0x80000000u

typedef struct {
    uint32_t first;             /* of its words in `ranks` */
    uint32_t words;
    uint32_t first_pair;        /* in `neighbours` */
    uint32_t pairs;
    uint32_t grams_at;          /* of its runs in the member, in numbers */
    uint32_t grams;
    uint32_t negated;           /* whether it has a negation */
} reference;

/* What is known of a response, in the caller's scratch: a bit for each number of a list. */
typedef struct {
    uint8_t *has_code, *has_question_word, *has_pair, *has_gram;
    uint32_t both;              /* different words that the question or a reference has */
    uint32_t question_words;    /* different words that the question has */
    int negated;
} relation;

/* ---- the member ---- */

typedef struct {
    const uint8_t *numbers;
    uint32_t at, end;
    int damaged;
} list_reader;

/* The place of the next list's first number; its length is written to `number`. */
static uint32_t next_list(list_reader *r, uint32_t *number)
{
    *number = 0;
    if (r->damaged || r->at == r->end) {
        r->damaged = 1;
        return 0;
    }
    *number = load32(r->numbers + 4 * (size_t)r->at++);
    if (*number > r->end - r->at) {
        r->damaged = 1;
        *number = 0;
    }
    uint32_t first = r->at;
    r->at += *number;
    return first;
}

static uint32_t at_list(const uint8_t *numbers, uint32_t at) { return load32(numbers + 4 * (size_t)at); }

static int rises(const uint8_t *numbers, uint32_t first, uint32_t number)
{
    for (uint32_t k = 1; k < number; k++)
        if (at_list(numbers, first + k) <= at_list(numbers, first + k - 1)) return 0;
    return 1;
}

/* Walks over a member: how many references and words of references it has, and how long the longest
   lists are. 0 if it is damaged. */
typedef struct {
    uint32_t question, references, words, most_words, most_grams, weights_at, weights;
} question_sizes;

static int measure(const void *member, size_t bytes, question_sizes *q)
{
    /* With more numbers, sizes would not fit in the 32 bits that some devices have for them. */
    if (bytes % 4 || bytes / 4 > 0x3FFFFFF) return 0;
    list_reader r = {member, 0, (uint32_t)(bytes / 4), 0};
    uint32_t number, first = next_list(&r, &q->question);
    if (r.damaged || !rises(member, first, q->question)) return 0;
    first = next_list(&r, &number);
    if (r.damaged || number != 1) return 0;
    q->references = at_list(member, first);
    q->words = q->most_words = q->most_grams = 0;
    if (!q->references || q->references > r.end) return 0;
    for (uint32_t k = 0; k < q->references; k++) {
        next_list(&r, &number);
        if (!number) return 0;
        q->words += number;
        if (number > q->most_words) q->most_words = number;
        first = next_list(&r, &number);
        if (r.damaged || !rises(member, first, number)) return 0;
        if (number > q->most_grams) q->most_grams = number;
    }
    q->weights_at = next_list(&r, &q->weights);
    return !r.damaged && r.at == r.end && q->weights;
}

#define REFERENCE_NUMBERS (sizeof(reference) / 4)

size_t kd_question_bytes(const kd_item *item, const void *vectorizer, size_t bytes)
{
    question_sizes q;
    if (!IS_PAIRS(item) || !measure(vectorizer, bytes, &q)) return 0;
    return 4 * (2 * (size_t)q.weights + 3 * (size_t)q.words + REFERENCE_NUMBERS * q.references);
}

/* ---- sorting, without a library: heaps of one number, or of two ---- */

static int is_less(const uint32_t *a, const uint32_t *b, uint32_t width)
{
    return a[0] != b[0] ? a[0] < b[0] : width == 2 && a[1] < b[1];
}

static void swap(uint32_t *a, uint32_t *b, uint32_t width)
{
    for (uint32_t k = 0; k < width; k++) {
        uint32_t kept = a[k];
        a[k] = b[k];
        b[k] = kept;
    }
}

static void sort(uint32_t *list, uint32_t number, uint32_t width)
{
    for (uint32_t start = number / 2, end = number; end > 1;) {
        if (start) start--;
        else swap(list, list + (size_t)--end * width, width);
        for (uint32_t at = start, child; (child = 2 * at + 1) < end; at = child) {
            uint32_t *c = list + (size_t)child * width;
            if (child + 1 < end && is_less(c, c + width, width)) {
                child++;
                c += width;
            }
            uint32_t *parent = list + (size_t)at * width;
            if (!is_less(parent, c, width)) break;
            swap(parent, c, width);
        }
    }
}

/* Sorts a list and drops what occurs twice; returns how many are left. */
static uint32_t sort_unique(uint32_t *list, uint32_t number, uint32_t width)
{
    uint32_t kept = 0;
    sort(list, number, width);
    for (uint32_t k = 0; k < number; k++) {
        uint32_t *next = list + (size_t)k * width;
        if (kept && !is_less(list + (size_t)(kept - 1) * width, next, width)) continue;
        memmove(list + (size_t)kept++ * width, next, 4 * width);
    }
    return kept;
}

/* The place of an entry in a list without repetition, or NONE. */
static uint32_t find(const uint32_t *list, uint32_t number, const uint32_t *entry, uint32_t width)
{
    uint32_t low = 0, high = number;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint32_t *at = list + (size_t)middle * width;
        if (is_less(at, entry, width)) low = middle + 1;
        else if (is_less(entry, at, width)) high = middle;
        else return middle;
    }
    return NONE;
}

/* ---- opening ---- */

static int is_negation(uint32_t hash)
{
    const uint32_t number = sizeof kd_negations / sizeof *kd_negations;
    return find(kd_negations, number, &hash, 1) != NONE;
}

static void open_reference(kd_student *s, reference *r, uint32_t *ranks, uint32_t *neighbours,
                           uint32_t at)
{
    r->negated = 0;
    for (uint32_t k = 0; k < r->words; k++) {
        uint32_t code = at_list(s->question, at + k);
        ranks[k] = find(s->codes, s->known_codes, &code, 1);
        r->negated |= (uint32_t)is_negation(code);
    }
    for (uint32_t k = 0; k + 1 < r->words; k++) {
        neighbours[2 * k] = ranks[k];
        neighbours[2 * k + 1] = ranks[k + 1];
    }
    r->pairs = sort_unique(neighbours, r->words - 1, 2);
}

/* Marks the words that their reference has had before. `last` has, for each code, the number of the
   last reference that it was met in, from 1. */
static void mark_repeated(const reference *r, uint32_t *ranks, uint32_t *last, uint32_t number)
{
    for (uint32_t k = 0; k < r->words; k++) {
        uint32_t rank = ranks[k];
        if (last[rank] == number) ranks[k] |= REPEATED;
        last[rank] = number;
    }
}

static int open_question(kd_student *s, const void *member, size_t bytes, void *memory,
                         size_t memory_bytes)
{
    question_sizes q;
    if (!measure(member, bytes, &q)) return KD_E_TABLE;
    if (memory_bytes < kd_question_bytes(&s->item, member, bytes)) return KD_E_MEMORY;
    uint32_t *ranks = memory, *neighbours = ranks + q.words, *codes = neighbours + 2 * (size_t)q.words;
    uint32_t *places = codes + q.weights;
    reference *references = (reference *)(places + q.weights);
    s->question = member;
    s->question_words = q.question;
    s->reference_count = q.references;
    s->most_words = q.most_words;
    s->most_grams = q.most_grams;
    s->weights = s->question + 4 * (size_t)q.weights_at;

    /* All words of references, in the room for neighbours, sorted there to find the different ones. */
    list_reader r = {member, 0, (uint32_t)(bytes / 4), 0};
    uint32_t number, all = 0;
    next_list(&r, &number);
    next_list(&r, &number);
    for (uint32_t k = 0; k < q.references; k++) {
        uint32_t first = next_list(&r, &number);
        references[k].first = all;
        references[k].words = number;
        references[k].first_pair = all;
        for (uint32_t i = 0; i < number; i++) neighbours[all++] = at_list(member, first + i);
        references[k].grams_at = next_list(&r, &references[k].grams);
    }
    s->known_codes = sort_unique(neighbours, all, 1);
    if (s->known_codes != q.weights) return KD_E_TABLE;
    memcpy(codes, neighbours, 4 * (size_t)q.weights);
    s->codes = codes;
    memset(places, 0, 4 * (size_t)q.weights);
    for (uint32_t k = 0; k < q.references; k++) {
        reference *one = references + k;
        /* The words lie just before the runs and their number. */
        open_reference(s, one, ranks + one->first, neighbours + 2 * (size_t)one->first_pair,
                       one->grams_at - 1 - one->words);
        mark_repeated(one, ranks + one->first, places, k + 1);
    }
    for (uint32_t k = 0; k < q.weights; k++) {
        if (!at_list(s->weights, k)) return KD_E_NUMBER;
        places[k] = find_word(s, codes[k]);
    }
    s->ranks = ranks;
    s->neighbours = neighbours;
    s->places = places;
    s->references = (const uint32_t *)references;
    return 0;
}

/* ---- a response ---- */

static const reference *reference_at(const kd_student *s, uint32_t k)
{
    return (const reference *)s->references + k;
}

static uint32_t bits(uint32_t number) { return (number + 7) / 8; }

static size_t relation_bytes(const kd_student *s)
{
    return (size_t)bits(s->known_codes) + bits(s->question_words) + bits(s->most_words)
         + bits(s->most_grams);
}

static void begin_relation(const kd_student *s, relation *r, uint8_t *scratch)
{
    memset(scratch, 0, relation_bytes(s));
    r->has_code = scratch;
    r->has_question_word = r->has_code + bits(s->known_codes);
    r->has_pair = r->has_question_word + bits(s->question_words);
    r->has_gram = r->has_pair + bits(s->most_words);
    r->both = r->question_words = 0;
    r->negated = 0;
}

/* Sets a bit; whether it was not set before. */
static int set(uint8_t *list, uint32_t bit)
{
    uint8_t mask = (uint8_t)(1u << bit % 8);
    int is_new = !(list[bit / 8] & mask);
    list[bit / 8] |= mask;
    return is_new;
}

static int has(const uint8_t *list, uint32_t bit) { return list[bit / 8] >> bit % 8 & 1; }

/* Notes a word of the response; returns the row that it brings, of which `place` is the word's. */
static uint32_t relate(const kd_student *s, relation *r, uint32_t hash, uint32_t place)
{
    const kd_item *item = &s->item;
    const uint32_t known = item->words + item->grams + item->pairs;
    uint32_t code = find(s->codes, s->known_codes, &hash, 1);
    uint32_t asked = search(s->question + 4, s->question_words, hash);
    int is_new = 0;
    r->negated |= is_negation(hash);
    if (code != NONE) is_new |= set(r->has_code, code);
    if (asked != NONE && set(r->has_question_word, asked)) {
        r->question_words++;
        is_new |= code == NONE;
    }
    r->both += (uint32_t)is_new;
    if (place == NONE) return NONE;
    return place + (code != NONE ? known : asked != NONE ? known + item->words : 0);
}

/* Adds the rows of the references' words that a response lacks. */
static uint32_t add_missing(const kd_student *s, const relation *r, gathered *g, int64_t *sums)
{
    const kd_item *item = &s->item;
    const uint32_t first = item->words + item->grams + item->pairs + 2 * item->words;
    uint32_t number = 0;
    for (uint32_t k = 0; k < s->known_codes; k++) {
        if (s->places[k] == NONE || has(r->has_code, k)) continue;
        make_room(g, sums);
        add(g, first + s->places[k]);
        number++;
    }
    return number;
}

typedef struct {
    double recall, new_recall;
    uint32_t common, different;     /* of its different words: those that the response has, and all */
} recalled;

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static recalled recall_of(const kd_student *s, const relation *r, const reference *one)
{
    uint64_t all = 0, known = 0, all_new = 0, known_new = 0;
    recalled result = {0, 0, 0, 0};
    for (uint32_t k = 0; k < one->words; k++) {
        uint32_t rank = s->ranks[one->first + k];
        if (rank & REPEATED) continue;
        uint32_t weight = at_list(s->weights, rank);
        int has_it = has(r->has_code, rank);
        result.different++;
        result.common += (uint32_t)has_it;
        all += weight;
        known += has_it ? weight : 0;
        if (search(s->question + 4, s->question_words, s->codes[rank]) != NONE) continue;
        all_new += weight;
        known_new += has_it ? weight : 0;
    }
    result.recall = share(known, all);
    result.new_recall = all_new ? share(known_new, all_new) : result.recall;
    return result;
}

static uint32_t count_bits(const uint8_t *list, uint32_t number)
{
    uint32_t set_bits = 0;
    for (uint32_t k = 0; k < number; k++) set_bits += (uint32_t)has(list, k);
    return set_bits;
}

/* Reads a response again, for the pairs and runs of the nearest reference. */
APART static void match(const kd_student *s, relation *r, const reference *one, const response *t)
{
    reader at;
    const uint8_t *grams = s->question + 4 * (size_t)one->grams_at;
    uint32_t pair[2] = {NONE, NONE};
    word w;
    begin_reader(&at, t);
    while (read_word(&at, &w)) {
        uint32_t hash = hash_word(&w);
        pair[0] = pair[1];
        pair[1] = find(s->codes, s->known_codes, &hash, 1);
        if (pair[0] != NONE && pair[1] != NONE) {
            uint32_t found = find(s->neighbours + 2 * (size_t)one->first_pair, one->pairs, pair, 2);
            if (found != NONE) set(r->has_pair, found);
        }
        runs run = runs_of(&w, RELATED_GRAM);
        if (run.to) do {
            uint32_t code = ~crc(gram_state(), run.from, (uint32_t)(run.to - run.from));
            uint32_t found = search(grams, one->grams, code);
            if (found != NONE) set(r->has_gram, found);
        } while (next_run(&run));
        skip_rest(&at, &w);
    }
}

/* The numbers of relation rules 1. */
APART static void relation_numbers(const kd_student *s, relation *r, uint32_t words,
                             const response *t, seen_word *kept,
                             double numbers[RELATED])
{
    uint32_t nearest = 0;
    double recalls = 0;
    recalled best = {0, 0, 0, 0};
    for (uint32_t k = 0; k < s->reference_count; k++) {
        recalled own = recall_of(s, r, reference_at(s, k));
        recalls += own.recall;
        if (!k || own.recall > best.recall
            || (own.recall == best.recall && own.common > best.common)) {
            nearest = k;
            best = own;
        }
    }
    const reference *one = reference_at(s, nearest);
    match(s, r, one, t);
    uint32_t different = count_different(t, 0, HUGE_VAL, kept), shown = different ? different : 1;
    double length = (double)words / one->words;
    numbers[0] = best.recall;
    numbers[1] = best.new_recall;
    numbers[2] = share(best.common, shown);
    numbers[3] = share(count_bits(r->has_pair, one->pairs), one->pairs);
    numbers[4] = share(count_bits(r->has_gram, one->grams), one->grams);
    numbers[5] = r->negated && !one->negated;
    numbers[6] = one->negated && !r->negated;
    numbers[7] = (length < 2 ? length : 2) / 2;
    numbers[8] = share(r->question_words, shown);
    numbers[9] = share(different - r->both, shown);
    numbers[10] = share(count_bits(r->has_code, s->known_codes), s->known_codes);
    numbers[11] = recalls / s->reference_count;
    numbers[12] = log(1 + (double)words) / 5;
}
#endif
