/* FORMAT.md, section 3: from a response in UTF-8 to its words, by text rules 1. */
#ifndef KD_TEXT_H
#define KD_TEXT_H
#include "kd_edge.h"
#ifdef KD_PACKED
#include "wasm/unpack.h"
#else
#include "tables.h"
#endif

/* Letters by which a longer word is hashed. */
#define LONGEST_WORD 40
/* A letter has at most four bytes; `<` and `>` are written around a word. */
#define WORD_BYTES (4 * LONGEST_WORD + 2)

/* A response. */
typedef struct {
    const uint8_t *from, *end;
    uint32_t rules;
} response;

#ifndef KD_RULES_1
#define NONE_QUEUED 0xFFFFFFFFu
#define STRUCK 0x80u

/* A symbol of rules 2 that is still to come, and where it is: in the code point at `at`, after `skip`
   others; with STRUCK, it is what strikes that one out. */
typedef struct {
    uint32_t symbol, at;
    uint8_t skip, after_super;
} waiting;
#endif

/* Walks over a response and keeps nothing but its place and what is next to it, so that no memory
   grows with the text. Where words are needed again, a reader is put back to an earlier place. */
typedef struct {
    const uint8_t *at, *end;
    const uint8_t *more;    /* what is left of the string that a code point is read as, or NULL */
    const uint8_t *text;
    uint32_t rules;
#ifndef KD_RULES_1
    /* For rules 2: see text2.h. Symbols of a code point: `taken` have been read, `left` have not. */
    const uint32_t *string; /* NULL for `own`: readers are copied */
    uint32_t own[3], queued_at;
    uint32_t before[2];     /* the symbols before the next one, the nearest first */
    waiting wait[6], back, struck_sign;
    uint8_t waits, has_back, struck, left;  /* all zero where nothing is between `at` and what is next */
    uint8_t taken, super, after_super;
    uint8_t inside;         /* a word that goes on: one more than the kind of its last symbol */
    uint8_t is_cut;         /* after a number of the most digits */
    /* Digits of a number, some with what is before them; how far they have been read, in halves of
       digits; words that have been read; and the place where the number begins. */
    uint8_t number[41], numbered, number_at, number_words;
    waiting begun;
    uint32_t begun_before[2];
    uint8_t begun_cut;
#endif
} reader;

/* A word, or a piece of a word of more than 40 letters. */
typedef struct {
    uint32_t bytes;
    uint32_t extra;         /* bytes beyond one for each letter: 0 for a word in ASCII */
    int unfinished;         /* whether the next piece belongs to the same word */
    uint64_t key[2];        /* its last 16 bytes, the last one lowest */
    uint8_t marked[WORD_BYTES + 1];   /* <letters>, and a zero, where letters surely end */
} word;

/* The code point at `*at`, which is moved behind it. What is not UTF-8 is U+FFFF, a separator. */
static uint32_t decode(const uint8_t **at, const uint8_t *end)
{
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *p = *at;
    uint32_t first = *p++, follow, code;
    follow = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 && first < 0xF0 ? 2
           : first >= 0xC2 && first < 0xE0 ? 1 : 0;
    code = first & (0x3F >> follow);
    for (uint32_t k = 0; k < follow; k++) {
        if (p == end || (*p & 0xC0) != 0x80) { *at = p; return 0xFFFF; }
        code = code << 6 | (*p++ & 0x3F);
    }
    *at = p;
    return follow && code >= least[follow] && code < 0x110000 ? code : first < 0x80 ? first : 0xFFFF;
}

/* What a code point is read as: KD_SEPARATES, KD_DELETED, KD_ALONE (itself, as a word of its own),
   KD_ITSELF, KD_STRINGS and the place of a string, or else another code point. */
static uint32_t read_as(uint32_t code)
{
    if (code < 0x10000)
        return kd_pages[(uint32_t)kd_page_of[code >> 6] << 6 | (code & 63)];
    uint32_t at = sizeof kd_range_from / sizeof *kd_range_from;
    while (code < kd_range_from[--at]) {}
    return kd_range_read[at];
}

static void push_byte(uint64_t key[2], uint8_t byte)
{
    key[1] = key[1] << 8 | key[0] >> 56;
    key[0] = key[0] << 8 | byte;
}

/* Appends a code point to a word that has room for it. */
static void put_letter(word *w, uint32_t code)
{
    uint8_t *out = w->marked + 1 + w->bytes;
    uint32_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (length == 1) {
        *out = (uint8_t)code;
    } else {
        for (uint32_t k = length; --k; code >>= 6) out[k] = (uint8_t)(0x80 | (code & 0x3F));
        *out = (uint8_t)((0xF00 >> length & 0xFF) | code);
    }
    w->bytes += length;
    w->extra += length - 1;
    for (uint32_t k = 0; k < length; k++) push_byte(w->key, out[k]);
}

static int is_full(const word *w) { return w->bytes - w->extra == LONGEST_WORD; }

/* Goes on with the string that a code point is read as; whether a word ends in it. */
static int read_string(reader *r, word *w)
{
    while (*r->more) {
        if (*r->more == ' ') {
            r->more++;
            if (w->bytes) return 1;
            continue;
        }
        if (is_full(w)) { w->unfinished = 1; return 1; }
        /* Strings are UTF-8 of at most two bytes a letter, and none ends within one. */
        put_letter(w, decode(&r->more, r->more + 2));
    }
    r->more = NULL;
    return 0;
}

/* Goes on with a code point beyond ASCII; whether a word ends before or with it. */
static int read_wide(reader *r, word *w)
{
    const uint8_t *next = r->at;
    uint32_t code = decode(&next, r->end), read = read_as(code);
    if (read == KD_ALONE && w->bytes) return 1;
    if (read > KD_ALONE && read < KD_STRINGS && is_full(w)) { w->unfinished = 1; return 1; }
    r->at = next;
    switch (read) {
    case KD_SEPARATES:
        return w->bytes != 0;
    case KD_DELETED:
        return 0;
    case KD_ALONE:
        put_letter(w, code);
        return 1;
    case KD_ITSELF:
        put_letter(w, code);
        return 0;
    default:
        if (read < KD_STRINGS) {
            put_letter(w, read);
            return 0;
        }
        r->more = kd_strings + (read - KD_STRINGS);
        return read_string(r, w);
    }
}

/* Reads the next word, or the next 40 letters of one that is longer, to an empty word. */
static void read_word1(reader *r, word *w)
{
    uint8_t *const letters = w->marked + 1;
    if (!r->more || !read_string(r, w)) {
        while (r->at != r->end) {
            if (*r->at >= 0x80) {
                if (read_wide(r, w)) break;
                continue;
            }
            /* Most text is ASCII: a loop for it alone, over variables that stay in registers. */
            const uint8_t *at = r->at, *stop = r->end;
            const ptrdiff_t room = LONGEST_WORD - (ptrdiff_t)(w->bytes - w->extra);
            uint8_t *out = letters + w->bytes, read;
            uint64_t key[2] = {w->key[0], w->key[1]};
            if (stop - at > room) stop = at + room;
            for (; at != stop && (read = kd_bytes[*at]) > KD_ITSELF; at++) {
                *out++ = read;
                push_byte(key, read);
            }
            r->at = at;
            w->bytes = (uint32_t)(out - letters);
            w->key[0] = key[0];
            w->key[1] = key[1];
            if (at == r->end) break;
            read = kd_bytes[*at];
            if (read == KD_ITSELF) continue;
            if (read > KD_ITSELF) { w->unfinished = 1; break; }
            if (read == KD_ALONE && w->bytes) break;
            r->at++;
            if (read == KD_DELETED || (read == KD_SEPARATES && !w->bytes)) continue;
            if (read == KD_ALONE) put_letter(w, *at);
            break;
        }
    }
}

#endif
