/* Reading words, by the rules of an item, and reading them again. */
#ifndef KD_READER_H
#define KD_READER_H
#include "text2.h"

static int knows_rules(uint32_t rules)
{
#ifdef KD_RULES_1
    return rules == 1;
#else
    return rules == 1 || rules == 2;
#endif
}

/* Microcontrollers have little room for the stack: what is not needed at once must not lie on it
   side by side, as it does where functions become part of those that call them. */
#if defined(KD_SMALL) && defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

/* Puts a reader to the beginning of a response. */
static void begin_reader(reader *r, const response *t)
{
    memset(r, 0, sizeof *r);
    r->at = r->text = t->from;
    r->end = t->end;
    r->rules = t->rules;
#ifndef KD_RULES_1
    r->before[0] = r->before[1] = SPACE_SYMBOL;
#endif
}

/* Reads the next word, or the next 40 letters of one that is longer; 0 at the end of the text. */
static int read_word(reader *r, word *w)
{
    w->bytes = w->extra = 0;
    w->unfinished = 0;
    w->key[0] = w->key[1] = 0;
#ifndef KD_RULES_1
    if (r->rules == 2) read_word2(r, w);
    else
#endif
    read_word1(r, w);
    w->marked[0] = '<';
    w->marked[1 + w->bytes] = '>';
    w->marked[2 + w->bytes] = 0;
    return w->bytes != 0;
}

/* Skips what is left of a word whose first piece has been read; its last piece is in `w` then. */
static void skip_rest(reader *r, word *w)
{
    while (w->unfinished) read_word(r, w);
}

/* ---- places of words ---- */

/* The place of a word, from which a reader reads it again. `more` is what has been read of a code
   point before the word; `before` the symbols before it, for rules 2. */
typedef struct {
    uint32_t at, more, before[2];
} mark;

#define AFTER_SUPER 0x10000u
#define AFTER_CUT 0x20000u

#ifndef KD_RULES_1
static void mark_of2(reader *r, mark *m)
{
    uint32_t words = 0, cut = r->is_cut;
    waiting w = {0, (uint32_t)(r->at - r->text), 0, r->super};
    m->before[0] = r->before[0];
    m->before[1] = r->before[1];
    if (r->numbered) {
        /* A later word of a number, which is read again from its beginning. */
        w = r->begun;
        words = r->number_words;
        cut = r->begun_cut;
        m->before[0] = r->begun_before[0];
        m->before[1] = r->begun_before[1];
    } else if (!is_idle(r)) {
        peek(r, 0);
        w = r->wait[0];
    }
    m->at = w.at;
    m->more = w.skip | words << 8 | (w.after_super ? AFTER_SUPER : 0) | (cut ? AFTER_CUT : 0);
}

static void go_to2(reader *r, mark m, word *w)
{
    r->super = (m.more & AFTER_SUPER) != 0;
    for (uint32_t skip = m.more & 0x7F; skip; skip--) next_raw(r);
    if (m.more & STRUCK) take(r);
    r->before[0] = m.before[0];
    r->before[1] = m.before[1];
    r->is_cut = (m.more & AFTER_CUT) != 0;
    for (uint32_t words = m.more >> 8 & 0xFF; words; words--) {
        read_word(r, w);
        skip_rest(r, w);
    }
}
#endif

/* Writes the reader's place. */
static void mark_of(reader *r, mark *m)
{
#ifndef KD_RULES_1
    if (r->rules == 2) {
        mark_of2(r, m);
        return;
    }
#endif
    memset(m, 0, sizeof *m);
    m->at = (uint32_t)(r->at - r->text);
    if (r->more) m->more = (uint32_t)(r->more - kd_strings) + 1;
}

/* Puts a reader to a place. It may read words before that one to `w`. */
static void go_to(reader *r, mark m, const response *t, word *w)
{
    begin_reader(r, t);
    r->at += m.at;
#ifndef KD_RULES_1
    if (r->rules == 2) {
        go_to2(r, m, w);
        return;
    }
#else
    (void)w;
#endif
    if (m.more) r->more = kd_strings + m.more - 1;
}

static int same_place(mark a, mark b) { return a.at == b.at && a.more == b.more; }
#endif
