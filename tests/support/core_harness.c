/* Drives the core with texts and damaged members, for runs under sanitizers.

   core_harness texts SEED NUMBER            random texts on a random student
   core_harness members SEED NUMBER          damaged members, and a text on those that open
   core_harness speed SEED NUMBER            as texts, and says how long it took

   Prints a checksum of the results; a mistake ends it with the sanitizer's report. */
#include "kd_edge.c"
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 11) % below);
}

/* Text of likely letters, of code points of any script, and of bytes that are no UTF-8. */
static size_t draw_text(uint8_t *text, size_t most)
{
    static const char *const likely = "the ice 0.5,-(!~)+*/=<>^%' \n";
    size_t length = draw((uint32_t)most), at = 0;
    while (at < length) {
        uint32_t kind = draw(10), code, run = draw(50) ? 1 : 90;
        if (kind < 6) code = (uint8_t)likely[draw(28)];
        else if (kind < 9) code = draw(draw(2) ? 0x3000 : 0x110000);
        else { text[at++] = (uint8_t)draw(256); continue; }
        while (run-- && at < length) {
            word w;
            w.bytes = w.extra = 0;
            put_letter(&w, code);
            for (uint32_t k = 0; k < w.bytes && at < length; k++) text[at++] = w.marked[1 + k];
        }
    }
    return at;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++) at[k] = (uint8_t)(value >> 8 * k);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* So many different numbers, rising. */
static uint8_t *rising(uint8_t *to, uint32_t number, uint32_t below)
{
    uint32_t *drawn = malloc(4 * number + 4);
    for (uint32_t k = 0; k < number; k++) drawn[k] = draw(below);
    qsort(drawn, number, 4, by_value);
    for (uint32_t k = 0; k < number; k++, to += 4) {
        if (k && drawn[k] <= drawn[k - 1]) drawn[k] = drawn[k - 1] + 1;
        put32(to, drawn[k]);
    }
    free(drawn);
    return to;
}

typedef struct {
    kd_item item;
    uint8_t *vectorizer, *weights;
    size_t vectorizer_bytes, weights_bytes;
    double worth[4];
    uint16_t prompt[65];
} drawn_student;

static uint8_t *draw_question(uint8_t *to)
{
    uint32_t references = 1 + draw(3), words = 1 + draw(9), total = 0;
    put32(to, 5);
    to = rising(to + 4, 5, 0x7FFFFFFF);
    put32(to, 1), put32(to + 4, references);
    to += 8;
    for (uint32_t k = 0; k < references; k++) {
        put32(to, words);
        to = rising(to + 4, words, 0x7FFFFFFF);
        put32(to, 7);
        to = rising(to + 4, 7, 0x7FFFFFFF);
        total += words;
    }
    put32(to, total);
    return rising(to + 4, total, 0x7FFFFFFF);
}

static void draw_student(drawn_student *d, int student, uint32_t rules)
{
    const uint32_t words = 300, grams = 400, pairs = 50, rows = words + grams + pairs;
    memset(d, 0, sizeof *d);
    d->item.student = student;
    d->item.rules = rules;
    d->item.gram = draw(6);
    d->item.words = words, d->item.grams = grams, d->item.pairs = pairs;
    d->item.dimensions = 1 + draw(20);
    d->item.classes = 4;
    for (int k = 0; k < 4; k++) d->worth[k] = draw(2) ? k : k + 0.5;
    d->item.worth = d->worth;
    d->item.decision = (int)draw(2);
    d->item.review = 0.5;
    d->item.distinct = 4;
    d->item.has_known = student == KD_BAG;
    d->item.usual = 3, d->item.low = -2, d->item.high = 2;
    for (int k = 0; k < 65; k++) d->prompt[k] = (uint16_t)(1000 * k);
    d->item.prompt = d->prompt;
    d->item.prompts = 65;
    /* The hashes are random, so that texts hit them by chance; the pairs name places. */
    size_t vocabulary = 4 * rows, floats = 4 * (size_t)numbers_of(&d->item);
    size_t table = (size_t)d->item.dimensions * (rows + (student == KD_PAIRS ? 3 * words : 0));
    size_t related = student == KD_PAIRS ? 4 * RELATED * (size_t)d->item.dimensions : 0;
    d->vectorizer_bytes = student == KD_PAIRS ? 4096 : vocabulary;
    d->weights_bytes = (student == KD_PAIRS ? vocabulary : 0) + related + table + floats;
    d->vectorizer = malloc(d->vectorizer_bytes);
    d->weights = malloc(d->weights_bytes);
    for (size_t k = 0; k < d->weights_bytes; k++) d->weights[k] = (uint8_t)draw(256);
    for (size_t k = d->weights_bytes % 4; k + 3 < d->weights_bytes; k += 4)
        d->weights[k + 3] = 0x3D;
    uint8_t *to = student == KD_PAIRS ? d->weights : d->vectorizer;
    to = rising(rising(to, words, 0x7FFFFFFF), grams, 0x7FFFFFFF);
    for (uint32_t k = 0; k < pairs; k++, to += 4) put32(to, k << 16 | draw(words));
    if (student == KD_PAIRS) d->vectorizer_bytes = (size_t)(draw_question(d->vectorizer) - d->vectorizer);
}

static double checksum;
static uint32_t opened;

/* Opens a student from copies of exactly the members' sizes, and scores so many texts. */
static void use(const drawn_student *d, uint32_t texts)
{
    static uint8_t text[4096];
    uint8_t *vectorizer = malloc(d->vectorizer_bytes + 1), *weights = malloc(d->weights_bytes + 1);
    memcpy(vectorizer, d->vectorizer, d->vectorizer_bytes);
    memcpy(weights, d->weights, d->weights_bytes);
    size_t bytes = kd_question_bytes(&d->item, vectorizer, d->vectorizer_bytes);
    void *memory = malloc(bytes ? bytes : 1);
    kd_student s;
    if (kd_open(&s, &d->item, vectorizer, d->vectorizer_bytes, weights, d->weights_bytes, memory, bytes) == 0) {
        size_t index_bytes = kd_index_bytes(&d->item);
        void *index = malloc(index_bytes ? index_bytes : 1);
        size_t scratch_bytes = kd_scratch_bytes(&s) + (draw(2) ? kd_memo_bytes(&s) : 0);
        if (scratch_bytes < kd_explain_bytes(&s)) scratch_bytes = kd_explain_bytes(&s);
        uint8_t *scratch = calloc(1, scratch_bytes + 8);
        kd_real *probabilities = malloc(sizeof(kd_real) * d->item.classes);
        if (draw(2)) kd_use_index(&s, index, index_bytes);
        opened++;
        for (uint32_t k = 0; k < texts; k++) {
            kd_result result;
            size_t length = draw_text(text, draw(20) ? 200 : sizeof text);
            /* A copy of the text's own size, whose end a sanitizer watches. */
            uint8_t *copy = malloc(length ? length : 1);
            memcpy(copy, text, length);
            if (kd_score(&s, copy, length, scratch, scratch_bytes, probabilities, &result)) abort();
            checksum += result.expected + (double)result.flag;
            free(copy);
        }
        free(index), free(scratch), free(probabilities);
    }
    free(vectorizer), free(weights), free(memory);
}

/* Changes a byte, or a number to one of those that are likely to hurt. */
static void damage(uint8_t *member, size_t *bytes)
{
    static const uint32_t bad[] = {0, 1, 2, 0x7F800000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 0x40000000, 1000};
    if (!*bytes) return;
    switch (draw(4)) {
    case 0: member[draw((uint32_t)*bytes)] ^= (uint8_t)(1u << draw(8)); break;
    case 1: *bytes -= draw(2) ? 1 : *bytes / 2; break;
    default:
        if (*bytes >= 4) put32(member + 4 * draw((uint32_t)*bytes / 4), bad[draw(9)]);
    }
}

int main(int count, char **arguments)
{
    if (count != 4) return 2;
    state = strtoull(arguments[2], NULL, 10) * 2654435761u + 88172645463325252u;
    const uint32_t number = (uint32_t)strtoul(arguments[3], NULL, 10);
    const int members = arguments[1][0] == 'm';
    for (uint32_t done = 0; done < number;) {
        drawn_student d;
        draw_student(&d, (int)draw(2), 1 + draw(2));
        if (members) {
            for (uint32_t k = 1 + draw(3); k; k--) {
                if (draw(2)) damage(d.vectorizer, &d.vectorizer_bytes);
                else damage(d.weights, &d.weights_bytes);
            }
            if (!draw(8)) d.item.words += draw(2000);
            if (!draw(8)) d.item.classes = draw(9);
            if (!draw(8)) d.item.dimensions = draw(0xFFFFFFFF);
            if (!draw(8)) d.item.prompts = draw(66);
        }
        use(&d, members ? 1 : 500);
        done += members ? 1 : 500;
        free(d.vectorizer), free(d.weights);
    }
    printf("%u %.17g\n", opened, checksum);
    return 0;
}
