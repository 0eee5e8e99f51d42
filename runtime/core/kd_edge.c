/* kd-edge's core: see kd_edge.h. The chapters follow FORMAT.md:

   text.h       section 3     from a response to its words, by text rules 1
   text2.h      section 13    the same by text rules 2
   reader.h                   reading words by either, and reading them again
   ngrams.h     section 4     from words to rows of the table
   network.h    section 5     from rows to probabilities
   decision.h   section 7     from probabilities to a class
   flags.h      section 7     why a person should look
   pairs.h      section 12    one network for many questions
   memo.h                     what frequent words bring, for speed
   tables.h     data of the text rules and of CRC-32, written by make_tables.py */
#include <float.h>
#include "memo.h"

/* ---- opening ---- */

static int check_item(const kd_item *item)
{
    if (!knows_rules(item->rules)) return KD_E_RULES;
    if (item->student != KD_BAG && !IS_PAIRS(item)) return KD_E_NUMBER;
    if (item->dimensions < 1 || item->classes < 2 || item->words > 0x10000) return KD_E_SIZE;
    /* All sizes below fit in 64 bits, and rows in 31. */
    if (item->dimensions > 0xFFFFFF || item->classes > 0xFFFFFF || item->grams > 0xFFFFFFF
        || item->pairs > 0xFFFFFFF)
        return KD_E_SIZE;
    if (item->has_known && item->student != KD_BAG) return KD_E_NUMBER;
    for (uint32_t k = 0; k < item->classes; k++)
        if (!(fabs(item->worth[k]) <= DBL_MAX)) return KD_E_NUMBER;
    for (uint32_t k = 1; k < item->prompts; k++)
        if (item->prompt[k] <= item->prompt[k - 1]) return KD_E_TABLE;
    return 0;
}

int kd_open(kd_student *s, const kd_item *item, const void *vectorizer, size_t vectorizer_bytes,
            const void *weights, size_t weights_bytes, void *memory, size_t memory_bytes)
{
    int error = check_item(item);
    if (error) return error;
    const int pairs = IS_PAIRS(item);
    const uint64_t known = (uint64_t)item->words + item->grams + item->pairs;
    const uint64_t rows = known + (pairs ? 3 * (uint64_t)item->words : 0);
    const uint64_t table = rows * item->dimensions, floats = numbers_of(item);
    const uint64_t related = pairs ? RELATED * (uint64_t)item->dimensions : 0;
    if (weights_bytes != (pairs ? 4 * known : 0) + 4 * related + table + 4 * floats) return KD_E_SIZE;
    if (!pairs && vectorizer_bytes != 4 * known) return KD_E_SIZE;
    memset(s, 0, sizeof *s);
    s->item = *item;
    s->vocabulary = pairs ? weights : vectorizer;
    s->related = (const uint8_t *)weights + (pairs ? 4 * (size_t)known : 0);
    s->table = s->related + 4 * (size_t)related;
    s->numbers = s->table + (size_t)table;
    error = check_vocabulary(item, s->vocabulary);
    if (error) return error;
    if (!all_finite(s->numbers, floats) || !all_finite(s->related, related)) return KD_E_NUMBER;
    s->whole = 1;
    for (uint32_t k = 0; k < item->classes; k++)
        s->whole &= item->worth[k] == floor(item->worth[k]);
    return pairs ? open_question(s, vectorizer, vectorizer_bytes, memory, memory_bytes) : 0;
}

/* ---- scoring ---- */

/* What a call keeps in the caller's scratch. */
typedef struct {
    int64_t *sums;
    seen_word *kept;
    uint8_t *bits;
    uint8_t *memo;              /* NULL for none */
    size_t entry_bytes;
} working;

size_t kd_scratch_bytes(const kd_student *s)
{
    return 8 + 8 * (size_t)s->item.dimensions + KD_DIFFERENT * sizeof(seen_word)
         + (IS_PAIRS(&s->item) ? relation_bytes(s) : 0);
}

static working working_in(const kd_student *s, void *scratch, size_t scratch_bytes)
{
    working w;
    const size_t memo = kd_memo_bytes(s), least = kd_scratch_bytes(s);
    w.sums = (int64_t *)(((uintptr_t)scratch + 7) & ~(uintptr_t)7);
    w.memo = NULL;
    w.entry_bytes = 0;
    if (memo && scratch_bytes >= least + memo) {
        w.memo = (uint8_t *)w.sums;
#ifndef KD_SMALL
        w.entry_bytes = memo >> MEMO_BITS;
#endif
        w.sums = (int64_t *)(w.memo + memo);
    }
    w.kept = (seen_word *)(w.sums + s->item.dimensions);
    w.bits = (uint8_t *)(w.kept + KD_DIFFERENT);
    memset(w.sums, 0, 8 * (size_t)s->item.dimensions);
    return w;
}

/* Gathers the rows of a word and its runs. */
static void add_own(gathered *g, relation *r, const word *w, uint32_t hash, uint32_t place)
{
    add(g, r ? relate(g->student, r, hash, place) : place);
    add_grams(g, w);
}

/* Adds a word to the sums, or gathers what it brings; returns how many rows that is, without a
   pair. Writes its hash and its place in the vocabulary. */
static uint32_t add_word(const working *k, gathered *g, relation *r, const word *w, uint32_t *hash,
                         uint32_t *place)
{
    const uint32_t before = g->number;
#ifndef KD_SMALL
    uint64_t first = 0, second = 0;
    memo_entry *entry = k->memo && !r
        ? memo_place(k->memo, k->entry_bytes, w, &first, &second) : NULL;
    const int kept = entry && entry->first == first && entry->second == second;
    if (kept && entry->rows != NOT_SUMMED) {
        *hash = entry->hash;
        *place = entry->place;
        add_entry(entry, g->student->item.dimensions, k->sums);
        return entry->rows;
    }
#else
    (void)k;
#endif
    *hash = hash_word(w);
    *place = find_word(g->student, *hash);
    add_own(g, r, w, *hash, *place);
#ifndef KD_SMALL
    if (kept) {
        entry->hash = *hash;
        entry->place = *place;
        fill_entry(entry, g, before);
    } else if (entry) {
        entry->first = first;
        entry->second = second;
        entry->rows = NOT_SUMMED;
    }
#endif
    return g->number - before;
}

/* Reads a response once: adds up the rows of its n-grams, and returns how many these are. `r` is
   NULL for a bag. */
APART static uint32_t read_response(const kd_student *s, const working *k, const response *t, places *p,
                              relation *r)
{
    int64_t *sums = k->sums;
    reader at;
    gathered g;
    word w;
    uint32_t known = 0;
    begin_reader(&at, t);
    g.student = s;
    g.before = NONE;
    g.number = 0;
    memset(w.marked, 0, sizeof w.marked);
    for (;;) {
        mark from;
        mark_of(&at, &from);
        if (!read_word(&at, &w)) break;
        uint32_t hash, place;
        make_room(&g, sums);
        known += add_word(k, &g, r, &w, &hash, &place);
        note_place(p, &from);
        note_hash(p, hash);
        uint32_t before = g.number;
        add_pair(&g, place);
        known += g.number - before;
        skip_rest(&at, &w);
    }
    if (r) known += add_missing(s, r, &g, sums);
    add_up(&g, sums);
    return known;
}

int kd_score(const kd_student *s, const void *text, size_t bytes, void *scratch,
             size_t scratch_bytes, kd_real *probabilities, kd_result *result)
{
    if (bytes > 0x7FFFFFFF) return KD_E_TEXT;
    if (scratch_bytes < kd_scratch_bytes(s)) return KD_E_MEMORY;
    const response t = {text, (const uint8_t *)text + bytes, s->item.rules};
    working w = working_in(s, scratch, scratch_bytes);
    double numbers[RELATED];
    relation r;
    places p;
    const int pairs = IS_PAIRS(&s->item);
    begin_places(&p);
    if (pairs) begin_relation(s, &r, w.bits);
    uint32_t known = read_response(s, &w, &t, &p, pairs ? &r : NULL);
    if (pairs) relation_numbers(s, &r, p.words, &t, w.kept, numbers);
    network(s, w.sums, known, numbers, pairs ? RELATED : 0, probabilities);

    result->words = p.words;
    result->known = known;
    result->place = decide(s, probabilities, &result->expected);
    result->confidence = probabilities[result->place];
    result->flag = !p.words ? KD_EMPTY
                 : flag_of(&s->item, &p, known, probabilities[result->place], &t, w.kept);
    return 0;
}

/* ---- explaining ---- */

/* The logits that hidden values add, less their mean. */
static void push(const kd_student *s, const kd_real *hidden, const uint8_t *bias, kd_real *pushes)
{
    const uint32_t width = s->item.dimensions, classes = s->item.classes;
    kd_real mean = 0;
    for (uint32_t k = 0; k < classes; k++) {
        pushes[k] = bias ? number_at(bias, k) : 0;
        for (uint32_t d = 0; d < width; d++)
            pushes[k] += hidden[d] * number_at(head_of(s), (size_t)k * width + d);
        mean += pushes[k];
    }
    for (uint32_t k = 0; k < classes; k++) pushes[k] -= mean / (kd_real)classes;
}

typedef struct {
    const kd_student *student;
    const int64_t *sums;        /* of the whole response: which units it switches on */
    kd_real factor, *hidden, *pushes;
    int64_t *own;
    void (*each)(void *, const kd_push *);
    void *context;
} explaining;

/* Tells the caller what the gathered rows add. */
static void tell(const explaining *e, gathered *g, kd_push told)
{
    const kd_student *s = e->student;
    const uint32_t width = s->item.dimensions;
    told.known = told.words == 0 || g->number > 0;
    memset(e->own, 0, 8 * (size_t)width);
    if (g->number) add_up(g, e->own);
    for (uint32_t d = 0; d < width; d++) {
        kd_real bias = number_at(s->numbers, (size_t)width + d);
        int on = hidden_unit(s, d, e->sums[d], e->factor) + bias > 0;
        e->hidden[d] = !on ? 0 : told.words ? hidden_unit(s, d, e->own[d], e->factor) : bias;
    }
    const uint8_t *bias = head_of(s) + 4 * (size_t)s->item.classes * width;
    push(s, e->hidden, told.words ? NULL : bias, e->pushes);
    told.pushes = e->pushes;
    e->each(e->context, &told);
}

size_t kd_explain_bytes(const kd_student *s) { return kd_scratch_bytes(s) + 16 * (size_t)s->item.dimensions; }

int kd_explain(const kd_student *s, const void *text, size_t bytes, void *scratch,
               size_t scratch_bytes, kd_real *pushes,
               void (*each)(void *context, const kd_push *push), void *context)
{
    if (s->item.student != KD_BAG) return KD_E_RULES;
    if (bytes > 0x7FFFFFFF) return KD_E_TEXT;
    if (scratch_bytes < kd_explain_bytes(s)) return KD_E_MEMORY;
    working kept = working_in(s, scratch, kd_scratch_bytes(s));
    const response t = {text, (const uint8_t *)text + bytes, s->item.rules};
    places p;
    begin_places(&p);
    uint32_t known = read_response(s, &kept, &t, &p, NULL);
    explaining e = {s, kept.sums, factor_of(known), NULL, pushes, NULL, each, context};
    e.own = (int64_t *)(((uintptr_t)kept.bits + 7) & ~(uintptr_t)7);
    e.hidden = (kd_real *)(e.own + s->item.dimensions);
    kd_push told = {0, NULL, NULL, 0, 0, 0, NULL};
    gathered g;
    word two[2];
    uint32_t turn = 0;
    g.student = s;
    g.before = NONE;
    g.number = 0;
    tell(&e, &g, told);
    reader at;
    begin_reader(&at, &t);
    while (read_word(&at, &two[turn])) {
        const word *w = &two[turn], *before = &two[!turn];
        uint32_t found = find_word(s, hash_word(w));
        add(&g, found);
        add_grams(&g, w);
        told.words = 1;
        told.first = (const char *)w->marked + 1;
        told.first_bytes = w->bytes;
        tell(&e, &g, told);
        add_pair(&g, found);
        if (g.number) {
            kd_push pair = {2, (const char *)before->marked + 1, told.first, before->bytes, w->bytes, 1, NULL};
            tell(&e, &g, pair);
        }
        word rest = *w;
        skip_rest(&at, &rest);
        turn = !turn;
    }
    return 0;
}

int kd_words(uint32_t rules, const void *text, size_t bytes,
             void (*each)(void *context, const char *piece, uint32_t piece_bytes, int last),
             void *context)
{
    if (!knows_rules(rules)) return KD_E_RULES;
    const response t = {text, (const uint8_t *)text + bytes, rules};
    reader at;
    word w;
    begin_reader(&at, &t);
    while (read_word(&at, &w))
        each(context, (const char *)w.marked + 1, w.bytes, !w.unfinished);
    return 0;
}

const char *kd_message(int error)
{
    switch (error) {
    case 0: return "no error";
    case KD_E_RULES: return "the item needs text rules that this version does not know";
    case KD_E_SIZE: return "a member does not have the size that the manifest says";
    case KD_E_TABLE: return "a table of the vocabulary or the question is damaged";
    case KD_E_NUMBER: return "a number is not finite or out of range";
    case KD_E_MEMORY: return "more memory is needed";
    case KD_E_TEXT: return "the response is larger than 2 GiB";
    default: return "unknown error";
    }
}
