#include <stdlib.h>
#include <string.h>
#include "items.h"
#include "scorer.h"

struct kd_scorer {
    const kd_entry *entry;
    kd_student student;
    void *question, *index, *scratch;
    size_t scratch_bytes;
    kd_real *probabilities;
    double *shown;
};

void kd_scorer_close(kd_scorer *s)
{
    if (!s) return;
    free(s->question);
    free(s->index);
    free(s->scratch);
    free(s->probabilities);
    free(s->shown);
    free(s);
}

static int prepare(kd_scorer *s)
{
    const kd_entry *e = s->entry;
    size_t bytes = kd_question_bytes(&e->item, e->vectorizer, e->vectorizer_bytes);
    s->question = malloc(bytes + 1);
    s->probabilities = malloc(sizeof(kd_real) * e->item.classes);
    s->shown = malloc(sizeof(double) * e->item.classes);
    if (!s->question || !s->probabilities || !s->shown) return KD_E_MEMORY;
    int error = kd_open(&s->student, &e->item, e->vectorizer, e->vectorizer_bytes, e->weights,
                        e->weights_bytes, s->question, bytes);
    if (error) return error;
    s->scratch_bytes = kd_scratch_bytes(&s->student);
    s->scratch = malloc(s->scratch_bytes);
    bytes = kd_index_bytes(&e->item);
    s->index = malloc(bytes + 1);
    if (!s->scratch || !s->index) return KD_E_MEMORY;
    return kd_use_index(&s->student, s->index, bytes);
}

kd_scorer *kd_scorer_open(const char *item)
{
    for (uint32_t k = 0; k < kd_item_count; k++) {
        if (strcmp(kd_items[k].name, item)) continue;
        kd_scorer *s = calloc(1, sizeof *s);
        if (s) s->entry = &kd_items[k];
        if (s && !prepare(s)) return s;
        kd_scorer_close(s);
    }
    return NULL;
}

int kd_scorer_score(kd_scorer *s, const char *text, size_t bytes, kd_score_of *score)
{
    kd_result result;
    int error = kd_score(&s->student, text, bytes, s->scratch, s->scratch_bytes, s->probabilities, &result);
    if (error) return error;
    score->classes = s->entry->item.classes;
    for (size_t k = 0; k < score->classes; k++) s->shown[k] = (double)s->probabilities[k];
    score->probabilities = s->shown;
    score->predicted = s->entry->classes[result.place];
    score->flag = kd_flag_names[result.flag];
    score->expected = result.expected;
    score->confidence = result.confidence;
    return 0;
}
