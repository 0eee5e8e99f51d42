/* The items of a bundle as C arrays; items.c is written by kd-edge. */
#ifndef KD_ITEMS_H
#define KD_ITEMS_H
#include "kd_edge.h"

typedef struct {
    const char *name;               /* the item */
    const char *const *classes;     /* its scores or class words, as `kd_result.place` counts them */
    kd_item item;
    const uint8_t *vectorizer, *weights;
    size_t vectorizer_bytes, weights_bytes;
} kd_entry;

extern const kd_entry kd_items[];
extern const uint32_t kd_item_count;

/* Each flag as bundles and tables name it, by its number. */
extern const char *const kd_flag_names[8];
#endif
