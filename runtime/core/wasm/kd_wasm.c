/* The core as WebAssembly, for kd_edge.mjs: one instance holds the items of one bundle.

   Memory is laid out as a stack. What stays (members, students) is reserved from below; above it lies
   what one call needs: the scratch of an item, and the text. So nothing is ever freed, and memory
   grows with the items and the longest text, no further.

   Compile with KD_PACKED.

   An address is a positive number here, and an error of kd_edge.h a negative one. */
#include "../kd_edge.c"
#include "sha256.h"

#define EXPORT(name) __attribute__((export_name(#name), used))
#define IMPORT(name) __attribute__((import_module("js"), import_name(#name)))
#define PAGE 65536u

/* The others of C's library that the core calls are instructions. */
int memcmp(const void *first, const void *second, size_t bytes)
{
    const uint8_t *a = first, *b = second;
    for (; bytes && *a == *b; bytes--) a++, b++;
    return bytes ? *a - *b : 0;
}

/* What the caller hears while a text is explained or read. */
IMPORT(push) void hear_push(uint32_t words, const char *first, uint32_t first_bytes,
                            const char *second, uint32_t second_bytes, int known);
IMPORT(piece) void hear_piece(const char *piece, uint32_t bytes, int last);

extern uint8_t __heap_base[];
static uintptr_t top;

/* An item, and its result: place, flag, words, known, expected, confidence, then a number for each class:
   the probability, or while a text is explained the push. */
#define RESULTS 6
typedef struct {
    kd_student student;
    double *results;
} opened;

/* The item whose memo lies above `top`, if any: it serves an item that scores texts one after another. */
static const opened *last, *remembered;

/* Whether memory reaches to an address; it grows for that. */
static int reaches(uint64_t end)
{
    const uint64_t size = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (end <= size) return 1;
    return end < 0x7FFFFFFF && __builtin_wasm_memory_grow(0, (end - size + PAGE - 1) / PAGE) != (size_t)-1;
}

/* Comes first. */
EXPORT(start) void start(void)
{
    unpack();
    sha256_prepare();
    top = ((uintptr_t)__heap_base + 15) & ~(uintptr_t)15;
}

/* So many bytes that stay; 0 if there are no more. What lies above is lost. */
EXPORT(reserve) void *reserve(uint32_t bytes)
{
    const uintptr_t at = top;
    last = remembered = NULL;
    if (!reaches((uint64_t)at + bytes + 15)) return NULL;
    top = (at + bytes + 15) & ~(uintptr_t)15;
    return (void *)at;
}

static size_t scratch_of(const opened *one)
{
    if (!one) return 0;
    const size_t score = kd_scratch_bytes(&one->student) + kd_memo_bytes(&one->student);
    const size_t explain = kd_explain_bytes(&one->student);
    return ((score > explain ? score : explain) + 15) & ~(size_t)15;
}

static uint8_t *text_of(const opened *one) { return (uint8_t *)top + scratch_of(one); }

/* Where a text of so many bytes for an item goes (for none: `words` and hashes); 0 if there is no room. */
EXPORT(room) void *room(const opened *one, uint32_t bytes)
{
    if (one != last) remembered = NULL;
    return reaches((uint64_t)(uintptr_t)text_of(one) + bytes) ? text_of(one) : NULL;
}

/* The numbers that describe an item, in this order; worths and codes of the prompt follow. */
enum {
    STUDENT, RULES, GRAM, WORDS, GRAMS, PAIRS, DIMENSIONS, CLASSES, DECISION, REVIEW, DISTINCT, LONGEST,
    HAS_KNOWN, USUAL, LOW, HIGH, PROMPTS, NUMBERS
};

static int read_item(const double *n, kd_item *item)
{
    const kd_item read = {
        (int)n[STUDENT], (uint32_t)n[RULES], (uint32_t)n[GRAM], (uint32_t)n[WORDS], (uint32_t)n[GRAMS],
        (uint32_t)n[PAIRS], (uint32_t)n[DIMENSIONS], (uint32_t)n[CLASSES], n + NUMBERS, (int)n[DECISION],
        n[REVIEW], n[DISTINCT], (int32_t)n[LONGEST], (int)n[HAS_KNOWN], n[USUAL], n[LOW], n[HIGH], NULL,
        (uint32_t)n[PROMPTS]};
    const double *codes = n + NUMBERS + read.classes;
    uint16_t *prompt = reserve(2 * read.prompts);
    if (!prompt) return KD_E_MEMORY;
    for (uint32_t k = 0; k < read.prompts; k++) prompt[k] = (uint16_t)codes[k];
    *item = read;
    item->prompt = prompt;
    return 0;
}

/* Opens an item of which the numbers and members lie in reserved memory; `shared` is an item with the same
   network, or none. Returns the item's address, or an error. */
EXPORT(open) intptr_t open_item(const double *numbers, const void *vectorizer, uint32_t vectorizer_bytes,
                                const void *weights, uint32_t weights_bytes, const opened *shared)
{
    kd_item item;
    int error = read_item(numbers, &item);
    if (error) return error;
    const size_t bytes = kd_question_bytes(&item, vectorizer, vectorizer_bytes);
    opened *one = reserve(sizeof *one);
    void *memory = reserve(bytes);
    if (!one || !memory) return KD_E_MEMORY;
    error = kd_open(&one->student, &item, vectorizer, vectorizer_bytes, weights, weights_bytes, memory, bytes);
    if (error) return error;
    one->results = reserve(8 * (RESULTS + item.classes));
    if (!one->results) return KD_E_MEMORY;
    if (shared) {
        kd_share_index(&one->student, &shared->student);
        return (intptr_t)one;
    }
    const size_t index_bytes = kd_index_bytes(&item);
    void *index = reserve(index_bytes);
    error = index ? kd_use_index(&one->student, index, index_bytes) : KD_E_MEMORY;
    return error ? error : (intptr_t)one;
}

EXPORT(results) double *results(const opened *one) { return one->results; }

/* Scores the text of so many bytes in the room for it. */
EXPORT(score) int score(const opened *one, uint32_t bytes)
{
    const kd_student *s = &one->student;
    void *scratch = (void *)top;
    const size_t least = kd_scratch_bytes(s), memo = kd_memo_bytes(s);
    /* Emptying a memo takes as long as some scores: for the second text in a row. */
    if (one == last && one != remembered) memset(scratch, 0, least + memo);
    if (one == last) remembered = one;
    last = one;
    kd_result result;
    double *r = one->results;
    const size_t given = one == remembered ? least + memo : least;
    const int error = kd_score(s, text_of(one), bytes, scratch, given, r + RESULTS, &result);
    if (error) return error;
    r[0] = result.place;
    r[1] = result.flag;
    r[2] = result.words;
    r[3] = result.known;
    r[4] = result.expected;
    r[5] = result.confidence;
    return 0;
}

static void pass_push(void *context, const kd_push *p)
{
    (void)context;
    hear_push(p->words, p->first, p->first_bytes, p->second, p->second_bytes, p->known);
}

/* Explains the text of so many bytes in the room for it; each push lies in the results while it is heard. */
EXPORT(explain) int explain(const opened *one, uint32_t bytes)
{
    last = remembered = NULL;
    return kd_explain(&one->student, text_of(one), bytes, (void *)top, scratch_of(one),
                      one->results + RESULTS, pass_push, NULL);
}

static void pass_piece(void *context, const char *piece, uint32_t bytes, int is_last)
{
    (void)context;
    hear_piece(piece, bytes, is_last);
}

EXPORT(words) int words(uint32_t rules, uint32_t bytes)
{
    last = remembered = NULL;
    return kd_words(rules, text_of(NULL), bytes, pass_piece, NULL);
}

EXPORT(message) const char *message(int error) { return kd_message(error); }

static sha256 hash;
static uint8_t digest[32];

EXPORT(hash_begin) void hash_begin(void) { sha256_begin(&hash); }

/* Adds so many bytes in the room for texts of no item. */
EXPORT(hash_add) void hash_add(uint32_t bytes)
{
    last = remembered = NULL;
    sha256_add(&hash, text_of(NULL), bytes);
}

EXPORT(hash_end) const uint8_t *hash_end(void)
{
    sha256_end(&hash, digest);
    return digest;
}
