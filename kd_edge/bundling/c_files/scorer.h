/* The library: an item is opened by its name, and scores responses. Two threads need a scorer each.

   `make` builds libkd_edge.so; other languages call these three functions. */
#ifndef KD_SCORER_H
#define KD_SCORER_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
#if defined(_WIN32)
#define KD_API __declspec(dllexport)
#else
#define KD_API __attribute__((visibility("default")))
#endif

typedef struct kd_scorer kd_scorer;

typedef struct {
    double expected, confidence;
    const char *predicted, *flag;   /* in UTF-8; they stay */
    const double *probabilities;    /* one for each class, until the next call */
    size_t classes;
} kd_score_of;

/* Opens an item; NULL where there is none of this name, or no memory. */
KD_API kd_scorer *kd_scorer_open(const char *item);
/* Scores a response in UTF-8. Returns 0, or an error of kd_edge.h. */
KD_API int kd_scorer_score(kd_scorer *scorer, const char *text, size_t bytes, kd_score_of *score);
KD_API void kd_scorer_close(kd_scorer *scorer);
#ifdef __cplusplus
}
#endif
#endif
