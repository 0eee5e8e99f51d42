/* FORMAT.md, section 13: text rules 2.

   Code points become symbols, one after the other; what signs, numbers and brackets mean is decided
   by the two symbols before them and up to three that come next, which wait in the reader. */
#ifndef KD_TEXT2_H
#define KD_TEXT2_H
#include <string.h>
#include "text.h"
#ifndef KD_RULES_1

#define NUMBER_DIGITS 40
#define AFTER_POINT 0x40u       /* a digit with a point before it, or with a space */
#define AFTER_SPACE 0x80u

static uint32_t symbol_of(uint32_t kind, uint32_t code) { return kind << 24 | code; }
static uint32_t kind_of(uint32_t symbol) { return symbol >> 24; }
static uint32_t code_of(uint32_t symbol) { return symbol & 0xFFFFFF; }

#define SPACE_SYMBOL (KD2_SPACE << 24 | 0x20u)
#define MINUS 0x2212u
#define UNEQUAL 0x2260u
#define ROOT 0x221Au
#define DASH 0x2013u

static int is_kind(uint32_t symbol, uint32_t kind) { return kind_of(symbol) == kind; }
static int is_sign(uint32_t symbol, uint32_t code)
{
    return symbol == symbol_of(KD2_SIGN, code);
}
static int is_mark(uint32_t symbol, uint32_t code)
{
    return symbol == symbol_of(KD2_CONTEXT, code);
}
static int is_digit(uint32_t symbol) { return is_kind(symbol, KD2_DIGIT); }
static int is_space(uint32_t symbol)
{
    return is_kind(symbol, KD2_SPACE) || is_kind(symbol, KD2_NARROW);
}
static int is_a_to_z(uint32_t symbol)
{
    return is_kind(symbol, KD2_LETTER) && code_of(symbol) >= 'a' && code_of(symbol) <= 'z';
}

/* The signs that a number or a bracket may follow. */
static int is_operator(uint32_t symbol)
{
    if (!is_kind(symbol, KD2_SIGN)) return 0;
    switch (code_of(symbol)) {
    case '+': case '*': case '/': case '=': case '<': case '>': case '^':
    case ROOT: case UNEQUAL: case 0x2248: case 0xB1:
        return 1;
    default:
        return 0;
    }
}

/* What parts a sign from what is before it. */
static int is_apart(uint32_t symbol)
{
    if (is_kind(symbol, KD2_GAP)) return 1;
    if (!is_kind(symbol, KD2_CONTEXT)) return 0;
    return code_of(symbol) != '(' && code_of(symbol) != ')';
}

/* ---- from code points to symbols ---- */

static uint32_t direct(uint32_t code)
{
    return symbol_of(code < 128 ? kd2_ascii[code] : KD2_LETTER, code);
}

/* Puts the symbols that a code point is read as in the queue. */
static void queue_code(reader *r, uint32_t code, int after_super)
{
    uint32_t read, place = NONE_QUEUED;
    if (code < 0x10000) {
        read = kd2_pages[(uint32_t)kd2_page_of[code >> 6] << 6 | (code & 63)];
        if (read >= KD2_STRINGS) place = read - KD2_STRINGS;
    } else {
        uint32_t low = 0, high = sizeof kd2_range_from / sizeof *kd2_range_from;
        while (high - low > 1) {
            uint32_t middle = low + (high - low) / 2;
            if (kd2_range_from[middle] <= code) low = middle;
            else high = middle;
        }
        read = kd2_range_read[low];
        if (read >> 31) read = (code + (read & 0xFFFFFF)) & 0xFFFFFF;
        else if (read >> 30) place = read & 0xFFFFFF;
    }
    r->left = r->taken = 0;
    if (place != NONE_QUEUED) {
        r->string = kd2_strings + place;
        do r->left++; while (!(r->string[r->left - 1] >> 31));
        return;
    }
    r->string = NULL;
    if (read == KD2_NOTHING) return;
    if (read == KD2_SUPER) {
        uint32_t shown = code == 0xB9 ? '1' : code < 0x100 ? code - 0xB0 + '0' : kd2_shown[code & 15];
        if (!after_super) r->own[r->left++] = direct('^');
        r->own[r->left++] = shown == MINUS ? symbol_of(KD2_SIGN, MINUS) : direct(shown);
    } else if (read == KD2_HANGUL) {
        uint32_t s = code - 0xAC00;
        r->own[r->left++] = direct(0x1100 + s / 588);
        r->own[r->left++] = direct(0x1161 + s / 28 % 21);
        if (s % 28) r->own[r->left++] = direct(0x11A7 + s % 28);
    } else {
        r->own[r->left++] = read < KD2_KINDS ? symbol_of(read, code) : direct(read);
    }
}

static int is_super(uint32_t code)
{
    return code == 0xB2 || code == 0xB3 || code == 0xB9 || code == 0x2070 || code == 0x2071
        || (code >= 0x2074 && code <= 0x207F);
}

/* The next symbol of the text, with its place; spaces without end after the text. */
static waiting next_raw(reader *r)
{
    waiting w = {0, 0, 0, 0};
    if (r->has_back) {
        r->has_back = 0;
        return r->back;
    }
    while (!r->left) {
        if (r->at == r->end) {
            w.symbol = SPACE_SYMBOL;
            w.at = (uint32_t)(r->end - r->text);
            return w;
        }
        uint32_t code;
        r->queued_at = (uint32_t)(r->at - r->text);
        r->after_super = r->super;
        code = decode(&r->at, r->end);
        r->super = (uint8_t)is_super(code);
        queue_code(r, code, r->after_super);
    }
    w.symbol = (r->string ? r->string : r->own)[r->taken] & 0x7FFFFFFF;
    w.at = r->queued_at;
    w.skip = r->taken++;
    r->left--;
    w.after_super = r->after_super;
    return w;
}

/* The same, with signs struck out. */
static waiting next_symbol(reader *r)
{
    waiting w, next;
    if (r->struck) {
        r->struck = 0;
        w = r->struck_sign;
        w.symbol = symbol_of(KD2_SIGN, 0xAC);
        w.skip |= STRUCK;
        return w;
    }
    do w = next_raw(r); while (is_kind(w.symbol, KD2_OVERLAY));
    if (!is_kind(w.symbol, KD2_SIGN)) return w;
    next = next_raw(r);
    if (is_kind(next.symbol, KD2_OVERLAY)) {
        do next = next_raw(r); while (is_kind(next.symbol, KD2_OVERLAY));
        if (is_sign(w.symbol, '=')) {
            w.symbol = symbol_of(KD2_SIGN, UNEQUAL);
        } else {
            r->struck = 1;
            r->struck_sign = w;
        }
    }
    r->back = next;
    r->has_back = 1;
    return w;
}

/* The symbol after `k` others, of those that are next. `!=` is the sign of inequality. */
static uint32_t peek(reader *r, uint32_t k)
{
    while (r->waits <= k || (r->waits == k + 1 && is_mark(r->wait[k].symbol, '!'))) {
        waiting w = next_symbol(r);
        if (r->waits && is_sign(w.symbol, '=') && is_mark(r->wait[r->waits - 1].symbol, '!'))
            r->wait[r->waits - 1].symbol = symbol_of(KD2_SIGN, UNEQUAL);
        else
            r->wait[r->waits++] = w;
    }
    return r->wait[k].symbol;
}

static uint32_t take(reader *r)
{
    uint32_t symbol = peek(r, 0);
    r->before[1] = r->before[0];
    r->before[0] = symbol;
    r->waits--;
    memmove(r->wait, r->wait + 1, r->waits * sizeof *r->wait);
    return symbol;
}

static int at_end(reader *r)
{
    peek(r, 0);
    return r->wait[0].at == (uint32_t)(r->end - r->text);
}

/* ---- what signs mean beside their neighbours ---- */

static int begins_number(reader *r, uint32_t k)
{
    return is_digit(peek(r, k)) || (is_mark(peek(r, k), '.') && is_digit(peek(r, k + 1)));
}

/* A letter a to z with no letter or mark after it. */
static int is_single(reader *r, uint32_t k)
{
    if (!is_a_to_z(peek(r, k))) return 0;
    uint32_t after = kind_of(peek(r, k + 1));
    return after != KD2_LETTER && after != KD2_FOLLOWER && after != KD2_STACKER;
}

static int is_minus(reader *r)
{
    const uint32_t before = r->before[0], next = peek(r, 1);
    if (begins_number(r, 1) || is_sign(next, ROOT)) return 1;
    if (is_mark(next, '(') && !is_apart(before)) return 1;
    if (is_operator(before) && !is_sign(next, '>')) return 1;
    if (is_space(before) && is_space(next)) return 1;
    if (!is_single(r, 1)) return 0;
    return is_space(before) || is_digit(before) || is_mark(before, '(') || is_mark(before, ')')
        || (is_a_to_z(before) && !is_kind(r->before[1], KD2_LETTER));
}

/* A minus next to a bracket that makes it one of mathematics. */
static int is_minus_of_term(reader *r, uint32_t k)
{
    if (!is_mark(peek(r, k), '-')) return 0;
    const uint32_t next = peek(r, k + 1);
    return is_digit(next) || is_mark(next, '.') || is_mark(next, '(') || is_sign(next, ROOT)
        || is_single(r, k + 1);
}

static int is_bracket(reader *r, int opens)
{
    const uint32_t before = r->before[0], next = peek(r, 1);
    if (is_space(before) && is_space(next)) return 1;
    if (is_digit(before) || is_sign(before, '%') || is_operator(before)) return 1;
    if (is_digit(next) || is_sign(next, '%') || is_sign(next, MINUS) || is_operator(next)) return 1;
    if (opens) {
        if (is_mark(before, ')') || is_sign(before, MINUS) || begins_number(r, 1)) return 1;
        if (is_mark(before, '-') && !is_apart(r->before[1])) return 1;
    } else if (is_mark(next, '(')) {
        return 1;
    }
    return is_minus_of_term(r, 1);
}

/* The code point of the word that the next symbol is, or 0 if it is none. */
static uint32_t sign_word(reader *r)
{
    const uint32_t symbol = peek(r, 0), code = code_of(symbol);
    if (is_kind(symbol, KD2_SIGN)) return code == MINUS ? '-' : code;
    if (!is_kind(symbol, KD2_CONTEXT)) return 0;
    switch (code) {
    case '-':
        return is_minus(r) ? '-' : 0;
    case DASH:
        return (is_space(r->before[0]) && is_space(peek(r, 1)))
            || ((is_space(r->before[0]) || is_mark(r->before[0], '(') || is_operator(r->before[0]))
                && begins_number(r, 1)) ? '-' : 0;
    case '(': case ')':
        return is_bracket(r, code == '(') ? code : 0;
    case '~':
        return begins_number(r, 1) ? 0x2248 : 0;
    default:
        return 0;
    }
}

/* ---- numbers ---- */

/* A mark between groups of digits, or 0. Narrow spaces are all alike. */
static char number_mark(uint32_t symbol)
{
    if (is_mark(symbol, '.')) return '.';
    if (is_mark(symbol, ',')) return ',';
    return is_kind(symbol, KD2_NARROW) ? ' ' : 0;
}

/* Whether the next symbols begin a number with a point. */
static int begins_with_point(reader *r)
{
    const uint32_t before = r->before[0];
    return is_mark(peek(r, 0), '.') && is_digit(peek(r, 1))
        && (r->is_cut || is_space(before) || is_mark(before, '(') || is_mark(before, '-')
            || is_mark(before, DASH) || is_mark(before, '~') || is_sign(before, MINUS)
            || is_operator(before));
}

/* Whether so many groups of digits are a number with thousands. Each length is that of a group. */
static int are_thousands(const uint8_t *lengths, uint32_t groups, uint8_t first)
{
    if (first == '0' || lengths[0] > 3) return 0;
    for (uint32_t k = 1; k < groups; k++)
        if (lengths[k] != 3) return 0;
    return 1;
}

/* Reads a number to the reader. */
static void read_number(reader *r)
{
    char marks[NUMBER_DIGITS + 1] = {0};
    uint8_t lengths[NUMBER_DIGITS + 1] = {0}, *const digits = r->number;
    uint32_t groups = 1, number = 0, read = 0;
    r->numbered = 0;
    r->is_cut = 0;
    if (is_mark(peek(r, 0), '.')) {
        take(r);
        marks[0] = '.';
        digits[number++] = '0';
        lengths[0] = 1;
        groups = 2;
    }
    for (;;) {
        if (is_digit(peek(r, 0))) {
            if (read++ == NUMBER_DIGITS) break;
            digits[number++] = (uint8_t)code_of(take(r));
            lengths[groups - 1]++;
        } else if (number_mark(peek(r, 0)) && is_digit(peek(r, 1)) && read < NUMBER_DIGITS) {
            marks[groups - 1] = number_mark(take(r));
            groups++;
        } else {
            break;
        }
    }
    r->is_cut = read >= NUMBER_DIGITS;
    /* What is between groups, and before the last one. */
    uint8_t inner = AFTER_SPACE, outer = AFTER_SPACE;
    const char last = groups > 1 ? marks[groups - 2] : 0;
    int alike = 1;
    for (uint32_t k = 1; k + 2 < groups; k++) alike &= marks[k] == marks[0];
    if (groups == 2) {
        if (last != '.' && are_thousands(lengths, 2, digits[0])) outer = 0;
        else if (last != ' ') outer = AFTER_POINT;
    } else if (groups > 2 && alike) {
        if (last == marks[0]) {
            if (are_thousands(lengths, groups, digits[0])) inner = outer = 0;
        } else if (last != ' ' && are_thousands(lengths, groups - 1, digits[0])) {
            inner = 0;
            outer = AFTER_POINT;
        }
    }
    for (uint32_t group = 1, at = lengths[0]; group < groups; at += lengths[group++])
        digits[at] |= group == groups - 1 ? outer : inner;
    r->numbered = (uint8_t)number;
    r->number_at = 0;
}

/* Goes on with the words of a number; whether a word ends. */
static int read_number_word(reader *r, word *w)
{
    for (; r->number_at < 2 * r->numbered; r->number_at++) {
        const uint32_t digit = r->number[r->number_at / 2], is_before = !(r->number_at % 2);
        if (is_before && digit & AFTER_SPACE) {
            r->number_at++;
            r->number_words++;
            return 1;
        }
        if (is_before && !(digit & AFTER_POINT)) continue;
        if (is_full(w)) { w->unfinished = 1; return 1; }
        put_letter(w, is_before ? '.' : digit & 0x3F);
    }
    r->numbered = r->number_at = 0;
    return 1;
}

/* ---- words of letters, and clusters ---- */

/* Whether a base joins a base or follower before it: a consonant that asat closes. */
static int closes(reader *r)
{
    const uint32_t next = code_of(peek(r, 1));
    return next == 0x103A || (next == 0x1037 && code_of(peek(r, 2)) == 0x103A);
}

/* Whether the next symbol joins a word of which the last symbol has kind `last`; a digit of a word of
   letters is a letter here. */
static int joins(reader *r, uint32_t last)
{
    switch (kind_of(peek(r, 0))) {
    case KD2_LETTER: case KD2_DIGIT:
        return last == KD2_LETTER;
    case KD2_FOLLOWER: case KD2_STACKER:
        return 1;
    case KD2_BASE:
        return last == KD2_LEADER || last == KD2_STACKER
            || ((last == KD2_BASE || last == KD2_FOLLOWER) && closes(r));
    default:
        return 0;
    }
}

/* Whether nothing waits: what is next is the text at the reader's place. */
static int is_idle(const reader *r)
{
    return !(r->waits | r->has_back | r->struck | r->left);
}

/* The kind of the next byte, if nothing waits and it is ASCII; else KD2_KINDS. */
static uint32_t next_ascii(const reader *r)
{
    return is_idle(r) && r->at != r->end && *r->at < 128 ? kd2_ascii[*r->at] : KD2_KINDS;
}

/* Skips ASCII that is surely no word, straight from the text. */
static void skip_ascii(reader *r)
{
    if (!is_idle(r)) return;
    const uint8_t *at = r->at, *const end = r->end;
    for (; at != end && *at < 128; at++) {
        const uint32_t kind = kd2_ascii[*at];
        if (kind == KD2_NOTHING) continue;
        if (kind == KD2_CONTEXT) {
            /* Marks mean something beside a digit or a sign only. */
            if (at + 1 == end || at[1] >= 128 || (*at != ',' && *at != '.' && *at != '!')) break;
            const uint32_t next = kd2_ascii[at[1]];
            if (next != KD2_SPACE && next != KD2_LETTER) break;
        } else if (kind != KD2_SPACE && kind != KD2_GAP) {
            break;
        }
        r->before[1] = r->before[0];
        r->before[0] = symbol_of(kind, *at);
    }
    if (at == r->at) return;
    r->super = r->is_cut = 0;
    r->at = at;
}

/* Letters and digits of ASCII, and what is nothing between them, straight from the text: most of it
   is no more than that. */
static void read_ascii(reader *r, word *w)
{
    if (!is_idle(r)) return;
    const uint8_t *at = r->at, *stop = r->end;
    const ptrdiff_t room = LONGEST_WORD - (ptrdiff_t)(w->bytes - w->extra);
    uint8_t *const from = w->marked + 1 + w->bytes, *out = from, code;
    uint64_t key[2] = {w->key[0], w->key[1]};
    if (stop - at > room) stop = at + room;
    for (;;) {
        while (at != stop && (code = kd2_plain[*at]) != 0) {
            *out++ = code;
            push_byte(key, code);
            at++;
        }
        if (at == r->end || *at >= 128 || kd2_ascii[*at] != KD2_NOTHING) break;
        at++;
        if (stop != r->end) stop++;
    }
    if (at == r->at) return;
    r->super = 0;
    r->at = at;
    if (out == from) return;
    r->before[1] = out - from > 1 ? direct(out[-2]) : r->before[0];
    r->before[0] = direct(out[-1]);
    w->bytes = (uint32_t)(out - w->marked - 1);
    w->key[0] = key[0];
    w->key[1] = key[1];
}

static void read_letters(reader *r, word *w, uint32_t last)
{
    for (;;) {
        if (last == KD2_LETTER) {
            read_ascii(r, w);
            const uint32_t next = next_ascii(r);
            if (next >= KD2_SPACE && next <= KD2_SIGN) return;
        }
        if (!joins(r, last)) break;
        if (is_full(w)) {
            w->unfinished = 1;
            r->inside = (uint8_t)(last + 1);
            return;
        }
        uint32_t symbol = take(r);
        put_letter(w, code_of(symbol));
        last = kind_of(symbol) == KD2_DIGIT ? KD2_LETTER : kind_of(symbol);
    }
}

/* As `read_word`, by rules 2. */
static void read_word2(reader *r, word *w)
{
    if (r->numbered) {
        read_number_word(r, w);
        if (w->bytes || w->unfinished) return;
    }
    if (r->inside) {
        uint32_t last = r->inside - 1u;
        r->inside = 0;
        read_letters(r, w, last);
        return;
    }
    for (;;) {
        uint32_t symbol, sign;
        r->number_words = 0;
        skip_ascii(r);
        if (next_ascii(r) == KD2_LETTER) {
            r->is_cut = 0;
            read_letters(r, w, KD2_LETTER);
            return;
        }
        if (at_end(r)) return;
        symbol = peek(r, 0);
        r->begun = r->wait[0];
        r->begun_cut = r->is_cut;
        r->begun_before[0] = r->before[0];
        r->begun_before[1] = r->before[1];
        if (is_digit(symbol) || begins_with_point(r)) {
            read_number(r);
            read_number_word(r, w);
            return;
        }
        r->is_cut = 0;
        sign = sign_word(r);
        if (!sign && kind_of(symbol) != KD2_LETTER && kind_of(symbol) < KD2_BASE) {
            take(r);
            continue;
        }
        take(r);
        put_letter(w, sign ? sign : code_of(symbol));
        if (!sign) read_letters(r, w, kind_of(symbol));
        return;
    }
}
#endif
#endif
