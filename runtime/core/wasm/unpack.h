/* Tables of the text rules and of CRC-32, made when an instance starts of what packed.h holds: the same
   as those of tables.h, with a page of code points for each 64 of them. */
#ifndef KD_UNPACK_H
#define KD_UNPACK_H
#include "packed.h"

static uint16_t kd_page_of[1024], kd_pages[0x10000], kd2_pages[0x10000];
#define kd2_page_of kd_page_of
static uint32_t kd2_range_from[KD2_RANGES], kd2_range_read[KD2_RANGES], kd2_strings[KD2_SYMBOLS];
static uint32_t kd_crc[256], kd_crc1[256], kd_crc2[256], kd_crc3[256];
static uint8_t kd_crc_place[256];

/* Places in the streams of make_packed.py. */
typedef struct {
    const uint8_t *token, *length, *mapped, *string;
    uint32_t last;              /* what the last mapped run began with */
} streams;

static uint32_t next_number(const uint8_t **at)
{
    uint32_t number = 0, shift = 0;
    do {
        number |= (uint32_t)(**at & 127) << shift;
        shift += 7;
    } while (*(*at)++ & 128);
    return number;
}

static uint32_t next_mapped(streams *s)
{
    const uint32_t far = next_number(&s->mapped);
    return s->last += far & 1 ? ~(far >> 1) : far >> 1;
}

static uint32_t length_of(streams *s, uint32_t token)
{
    return token >= PACKED_RUN || token == PACKED_ONE ? 1 : next_number(&s->length) + 1;
}

static void unpack_rules1(void)
{
    streams s = {packed1_tokens, packed1_lengths, packed1_mapped, packed1_strings, 0};
    for (uint32_t code = 0; code < 0x10000;) {
        uint32_t token = *s.token++, read;
        if (token == PACKED_PLACE) {
            kd_pages[code++] = (uint16_t)(KD_STRINGS + next_number(&s.string));
            continue;
        }
        const int is_mapped = token == PACKED_ONE || token == PACKED_MAPPED;
        read = is_mapped ? next_mapped(&s) : token & (PACKED_RUN - 1);
        for (uint32_t left = length_of(&s, token); left; left--, code++) {
            kd_pages[code] = (uint16_t)(!is_mapped && read == PACKED_AS_RULES_2 ? kd2_pages[code] : read);
            read += (uint32_t)is_mapped;
        }
    }
}

/* Runs of code points that rules 2 read as themselves, by their kind: what others are read as is among
   these. */
static uint32_t kind_from[KD2_KIND_RUNS], kind_runs;
static uint8_t kind_is[KD2_KIND_RUNS];

static uint32_t kind_among(uint32_t code)
{
    uint32_t low = 0, high = kind_runs;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (kind_from[middle] <= code) low = middle;
        else high = middle;
    }
    return kind_is[low];
}

/* What has been made of rules 2. */
static uint32_t made_symbols, made_ranges;

/* Notes what a code point is read as: by its page, or as a range begins. */
static void note_read(uint32_t code, uint32_t narrow, uint32_t wide)
{
    if (code < 0x10000) {
        kd2_pages[code] = (uint16_t)narrow;
    } else if (!made_ranges || kd2_range_read[made_ranges - 1] != wide) {
        kd2_range_from[made_ranges] = code;
        kd2_range_read[made_ranges++] = wide;
    }
}

static void note_string(uint32_t code, const uint32_t *read, uint32_t number)
{
    const uint32_t place = made_symbols;
    for (uint32_t k = 0; k < number; k++) kd2_strings[made_symbols++] = kind_among(read[k]) << 24 | read[k];
    kd2_strings[made_symbols - 1] |= 1u << 31;
    note_read(code, KD2_STRINGS + place, 1u << 30 | place);
}

static void note_mapped(uint32_t code, uint32_t read)
{
    const int is_letter = kind_among(read) == KD2_LETTER && read < KD2_STRINGS;
    if (is_letter || (read >= 0x20 && read < 0x80))
        note_read(code, read, 1u << 31 | ((read - code) & 0xFFFFFF));
    else
        note_string(code, &read, 1);
}

/* Walks over all runs: once for the kinds, and once for what is made with them. */
static void unpack_rules2(int makes)
{
    streams s = {packed2_tokens, packed2_lengths, packed2_mapped, packed2_strings, 0};
    for (uint32_t code = 0; code < 0x110000;) {
        const uint32_t token = *s.token++;
        if (token >= PACKED_STRING && token < PACKED_RUN) {
            uint32_t read[PACKED_RUN], number = token - PACKED_STRING;
            for (uint32_t k = 0; k < number; k++) read[k] = next_number(&s.string);
            if (makes) note_string(code, read, number);
            code++;
            continue;
        }
        const int is_mapped = token == PACKED_ONE || token == PACKED_MAPPED;
        uint32_t read = is_mapped ? next_mapped(&s) : token & (PACKED_RUN - 1);
        const uint32_t end = code + length_of(&s, token);
        if (!makes && !is_mapped) {
            kind_from[kind_runs] = code;
            kind_is[kind_runs++] = (uint8_t)read;
        }
        if (makes && !is_mapped && code >= 0x10000) {
            note_read(code, 0, read);
        } else if (makes) {
            for (; code < end; code++)
                if (is_mapped) note_mapped(code, read++);
                else note_read(code, read, read);
        }
        code = end;
    }
}

static void unpack_crc(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t state = byte;
        for (int k = 0; k < 8; k++) state = state & 1 ? 0xEDB88320u ^ state >> 1 : state >> 1;
        kd_crc[byte] = state;
        kd_crc_place[state >> 24] = (uint8_t)byte;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        kd_crc1[byte] = kd_crc[kd_crc[byte] & 255] ^ kd_crc[byte] >> 8;
        kd_crc2[byte] = kd_crc[kd_crc1[byte] & 255] ^ kd_crc1[byte] >> 8;
        kd_crc3[byte] = kd_crc[kd_crc2[byte] & 255] ^ kd_crc2[byte] >> 8;
    }
}

static void unpack(void)
{
    for (uint32_t page = 0; page < 1024; page++) kd_page_of[page] = (uint16_t)page;
    unpack_rules2(0);
    unpack_rules2(1);
    unpack_rules1();
    unpack_crc();
}
#endif
