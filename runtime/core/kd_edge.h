/* kd-edge's core: scores a response with a small model of a bundle, as FORMAT.md describes it.

   C99. No allocation, no input or output, no state of its own: all memory is the caller's, and how
   much there has to be does not depend on the length of a response. Members of a bundle are used
   where they lie (in flash, in a mapped file), at any address. Damaged members are refused.

   Compile kd_edge.c alone; the other files beside it are its chapters. For results that equal those
   of the backend in Python to the last bit, compile without fused multiply-add
   (-ffp-contract=off). Options:

   KD_FLOAT32  computes the network in 32-bit floats, for processors that have no others
   KD_SMALL    smaller and slower: for microcontrollers
   KD_RULES_1  without text rules 2
   KD_BAG_ONLY without students of the kind `pairs` */
#ifndef KD_EDGE_H
#define KD_EDGE_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#ifdef KD_FLOAT32
typedef float kd_real;
#else
typedef double kd_real;
#endif

/* The errors that functions return; 0 is success. `kd_message` says what they mean. */
enum {
    KD_E_RULES = -1,   /* text rules that this version does not know */
    KD_E_SIZE = -2,    /* a member is not as long as the item's numbers say */
    KD_E_TABLE = -3,   /* a table of the vocabulary or the question is not as it has to be */
    KD_E_NUMBER = -4,  /* a number is not finite or out of range */
    KD_E_MEMORY = -5,  /* the caller gives less memory than is needed */
    KD_E_TEXT = -6     /* a response of more than 2 GiB */
};

enum { KD_BAG, KD_PAIRS };                        /* kinds of students */
enum { KD_MOST_PROBABLE, KD_NEAREST_EXPECTED };   /* decisions */

/* Flags, in the order of FORMAT.md, section 7. */
typedef enum {
    KD_OK, KD_EMPTY, KD_LONG, KD_PROMPT, KD_REPEATS, KD_UNLIKE, KD_LIST, KD_REVIEW
} kd_flag;

/* What the manifest says of an item. */
typedef struct {
    int student;                      /* KD_BAG or KD_PAIRS */
    uint32_t rules;                   /* text rules */
    uint32_t gram;                    /* length of character runs; 0 for none */
    uint32_t words, grams, pairs;     /* entries of the vocabulary: `sizes` */
    uint32_t dimensions, classes;
    const double *worth;              /* of each class: `points`, or `values` */
    int decision;                     /* KD_MOST_PROBABLE or KD_NEAREST_EXPECTED */
    /* `flags`; all zero for none */
    double review, distinct;
    int32_t longest;
    int has_known;
    double usual, low, high;          /* `known` */
    const uint16_t *prompt;           /* codes, strictly rising */
    uint32_t prompts;
} kd_item;

/* A student that is ready to score. Written by `kd_open`, never by scoring: threads may share it.
   Its fields are the core's own business. */
typedef struct {
    kd_item item;
    const uint8_t *vocabulary, *table, *numbers, *related, *question;
    const uint32_t *index;
    uint32_t word_mask, gram_mask, pair_mask;
    int whole;                        /* whether all worths are whole numbers */
    /* of a question: see pairs.h */
    const uint32_t *codes, *ranks, *places, *neighbours, *references;
    uint32_t reference_count, known_codes, question_words, most_words, most_grams;
    const uint8_t *weights;
} kd_student;

typedef struct {
    uint32_t place;                   /* the class decided for, from 0 */
    kd_flag flag;
    uint32_t words;                   /* in the response */
    uint32_t known;                   /* known n-grams: N in FORMAT.md */
    double expected, confidence;
} kd_result;

/* Bytes of memory that a student's question needs: 0 for a bag, or for a damaged question. */
size_t kd_question_bytes(const kd_item *item, const void *vectorizer, size_t vectorizer_bytes);

/* Checks an item's members and prepares a student.

   `item` is copied, but what it points to, both members and `memory` (aligned to 4 bytes) have to
   stay. Returns 0 or an error. */
int kd_open(kd_student *student, const kd_item *item, const void *vectorizer,
            size_t vectorizer_bytes, const void *weights, size_t weights_bytes,
            void *memory, size_t memory_bytes);

/* Look-ups in one step, several times faster than without: writes an index of the vocabulary to
   memory of `kd_index_bytes` (aligned to 4 bytes), which has to stay. */
size_t kd_index_bytes(const kd_item *item);
int kd_use_index(kd_student *student, void *memory, size_t memory_bytes);
/* The same with the index of another student, which has to have the same network. */
void kd_share_index(kd_student *student, const kd_student *other);

/* Bytes of scratch that scoring needs, however long a response is. Scratch may be anywhere; calls
   at the same time need one each. */
size_t kd_scratch_bytes(const kd_student *student);

/* More bytes of scratch, with which frequent words are read in a fraction of the time (a bag only;
   else 0). Scratch that is larger by so many has to be zeroed before its first use, to serve one
   student only, and not to be written to between calls. */
size_t kd_memo_bytes(const kd_student *student);

/* Scores a response in UTF-8. What is not UTF-8, and halves of surrogate pairs, separate words.
   Writes a probability for each class to `probabilities`. Returns 0 or an error. */
int kd_score(const kd_student *student, const void *text, size_t bytes,
             void *scratch, size_t scratch_bytes, kd_real *probabilities, kd_result *result);

/* What a word with its runs, or two neighbours, added to the logits of a bag (mean 0). */
typedef struct {
    uint32_t words;                   /* 0: what there is before any word; 1: a word; 2: a pair */
    const char *first, *second;       /* as the text rules read them, at most 40 letters */
    uint32_t first_bytes, second_bytes;
    int known;                        /* whether anything of it is in the vocabulary */
    const kd_real *pushes;            /* one for each class; their mean is 0 */
} kd_push;

/* Bytes of scratch that explaining needs. */
size_t kd_explain_bytes(const kd_student *student);

/* Explains a bag's score: calls `each` for what there is before any word, then for every word and
   every known pair of the response in order. `pushes` has room for a number for each class. */
int kd_explain(const kd_student *student, const void *text, size_t bytes, void *scratch,
               size_t scratch_bytes, kd_real *pushes,
               void (*each)(void *context, const kd_push *push), void *context);

/* The words of a response, by text rules 1, for tests of a port: calls `each` for every piece of at
   most 40 letters; `last` says whether a word ends with it. */
int kd_words(uint32_t rules, const void *text, size_t bytes,
             void (*each)(void *context, const char *piece, uint32_t piece_bytes, int last),
             void *context);

/* A number as Python writes it with "%.*f" for `decimals` from 0 to 9, for |x| below 4 million.
   Writes at most 20 bytes and no end; returns how many, or 0 for other numbers. */
size_t kd_decimal(double x, int decimals, char *text);

/* What an error means, in English. */
const char *kd_message(int error);

#ifdef __cplusplus
}
#endif
#endif
