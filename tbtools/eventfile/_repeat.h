/* Records of a shape that is known: they are told by their bytes, in place of being parsed.
 *
 * All but the header of a record, in the order in which every writer at hand writes it:
 *
 *     09 <wall time> [10 <step>] <constant> <number> <constant> <masked CRC>
 */
#ifndef TBTOOLS_REPEAT_H
#define TBTOOLS_REPEAT_H

#include "_crc32c.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <emmintrin.h>
#define TBTOOLS_SSE2 /* every processor of this kind has it */
#endif
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(_MSC_VER)
#define TBTOOLS_INLINE static __forceinline
#else
#define TBTOOLS_INLINE static inline __attribute__((always_inline))
#endif

enum {
    TBTOOLS_HEADER = 12,
    TBTOOLS_FRAME = 16,
    TBTOOLS_STEP_AT = 10,       /* in the data of a record that has a step */
    TBTOOLS_BLOCK = 16,         /* bytes that are compared at once */
    TBTOOLS_LARGE = 2 << 20,    /* bytes of a large page, and of memory for which such pages pay */
};

/* The values of a file, a row each. */
typedef struct {
    size_t count;
    size_t capacity;
    int wide;                   /* the numbers are doubles, for one of them is no float */
    int32_t *shape;
    int64_t *step;
    double *wall_time;
    void *number;
} tbtools_rows;

/* What many rows have in common. */
typedef struct {
    int64_t gap;                /* between the end of the Value before it and its start; -1: see Places */
    int32_t tag_id;
    uint32_t length;            /* of the Value */
    int32_t older;              /* another shape of the tag; -1 for none */
    int32_t next;               /* the shape that came after this one the last time; -1 for none */
    int32_t layout;             /* how its records are laid out; -1 where that is not known */
    uint8_t kind;
    uint8_t dtype;
} tbtools_shape;

/* How a record of one number is laid out; a power of two in size, for an index leads to it. */
typedef struct {
    size_t pattern;             /* where it is kept, and the room there: see tbtools_complete */
    size_t pattern_room;
    int64_t behind;             /* bytes between the Value before it and the record */
    uint64_t step_bits;         /* of the 8 bytes from where a step stands, those that are the step's */
    uint32_t left;              /* bytes of the record behind its own Value */
    uint32_t data_size;
    uint32_t number_at;         /* in the data */
    uint32_t blocks;            /* of the pattern */
    uint32_t crc_start;         /* see tbtools_crc_of */
    int32_t shape;
    uint16_t whole_words;
    uint8_t first_shift;
    uint8_t step_size;          /* 0 where the step is left out, at most 8 */
    uint8_t number_size;        /* 4 for a float, 8 for a double */
} tbtools_layout;

/* Where the reading of records stands that are like earlier ones. */
typedef struct {
    const tbtools_shape *shapes;
    const tbtools_layout *layouts;
    const uint8_t *patterns;
    const uint8_t *record;      /* the next one, and the end of the bytes at hand */
    const uint8_t *end;
    int64_t behind;             /* bytes between the Value before it and it */
    int32_t last;               /* the shape of that Value */
} tbtools_place;

static inline uint64_t tbtools_little_u64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint32_t tbtools_little_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Which bits of a byte of such a record are the same in all of them. */
static inline uint8_t tbtools_constant_bits(const tbtools_layout *layout, size_t at)
{
    const size_t time = TBTOOLS_HEADER + 1, step = TBTOOLS_HEADER + TBTOOLS_STEP_AT;
    const size_t number = TBTOOLS_HEADER + (size_t)layout->number_at;
    if (at >= TBTOOLS_HEADER + (size_t)layout->data_size || (at >= time && at < time + 8)
            || (at >= number && at < number + layout->number_size))
        return 0;
    /* A step has as many bytes: each but its last goes on. */
    return at >= step && at < step + layout->step_size ? 0x80 : 0xFF;
}

static inline size_t tbtools_pattern_size(const tbtools_layout *layout)
{
    return 2 * TBTOOLS_BLOCK * ((TBTOOLS_HEADER + (size_t)layout->data_size + TBTOOLS_BLOCK - 1)
                                / TBTOOLS_BLOCK);
}

/* Completes a layout of which the place of its pattern and the sizes of the data, of the step and of
 * the number are known, after one record.
 *
 * The pattern has two blocks for each block of the record but its last 4 bytes: which bits are always
 * the same, and which these are. */
static inline void tbtools_complete(tbtools_layout *layout, const uint8_t *record, uint8_t *pattern)
{
    static const uint8_t zeros[8] = {0};
    size_t size = tbtools_pattern_size(layout) / 2, first = (layout->data_size - 1) % 8 + 1;
    for (size_t at = 0; at < size; at++) {
        uint8_t bits = tbtools_constant_bits(layout, at);
        uint8_t *place = pattern + at / TBTOOLS_BLOCK * 2 * TBTOOLS_BLOCK + at % TBTOOLS_BLOCK;
        place[0] = bits;
        place[TBTOOLS_BLOCK] = bits ? record[at] & bits : 0;
    }
    layout->blocks = (uint32_t)(size / TBTOOLS_BLOCK);
    layout->step_bits = layout->step_size ? 0x7F7F7F7F7F7F7F7Fu >> (64 - 8 * layout->step_size) : 0;
    layout->first_shift = (uint8_t)(64 - 8 * first);
    layout->whole_words = (uint16_t)((layout->data_size - first) / 8);
    layout->crc_start = tbtools_crc_by_table(~0u, zeros, first);
}

/* Whether a record has the pattern. */
TBTOOLS_INLINE int tbtools_has_pattern(const uint8_t *record, const uint8_t *pattern, uint32_t blocks)
{
#if defined(TBTOOLS_SSE2)
    __m128i other = _mm_setzero_si128();
    do {
        __m128i block = _mm_loadu_si128((const __m128i *)record);
        __m128i bits = _mm_loadu_si128((const __m128i *)pattern);
        __m128i same = _mm_loadu_si128((const __m128i *)(pattern + TBTOOLS_BLOCK));
        other = _mm_or_si128(other, _mm_xor_si128(_mm_and_si128(block, bits), same));
        record += TBTOOLS_BLOCK;
        pattern += 2 * TBTOOLS_BLOCK;
    } while (--blocks);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(other, _mm_setzero_si128())) == 0xFFFF;
#else
    uint64_t other = 0;
    for (; blocks; blocks--, record += TBTOOLS_BLOCK, pattern += 2 * TBTOOLS_BLOCK) {
        uint64_t block[2], bits[2], same[2];
        memcpy(block, record, TBTOOLS_BLOCK);
        memcpy(bits, pattern, TBTOOLS_BLOCK);
        memcpy(same, pattern + TBTOOLS_BLOCK, TBTOOLS_BLOCK);
        other |= ((block[0] & bits[0]) ^ same[0]) | ((block[1] & bits[1]) ^ same[1]);
    }
    return other == 0;
#endif
}

/* The layout of the next record if it is the one that came next the last time, as far as can be told
 * without the checksum of its data; else NULL. */
TBTOOLS_INLINE const tbtools_layout *tbtools_expected(const tbtools_place *at)
{
    int32_t next = at->shapes[at->last].next;
    if (next < 0 || at->shapes[next].layout < 0)
        return NULL;
    const tbtools_layout *layout = &at->layouts[at->shapes[next].layout];
    /* Blocks are looked at whole: up to 11 bytes more than the record has. */
    if (at->end - at->record < (int64_t)layout->data_size + TBTOOLS_FRAME + 11
            || at->behind != layout->behind
            || !tbtools_has_pattern(at->record, at->patterns + layout->pattern, layout->blocks))
        return NULL;
    return layout;
}

/* A number of 8 bytes at most, of whose bytes the highest bits are left out. */
TBTOOLS_INLINE uint64_t tbtools_joined_bits(uint64_t word)
{
    if (word <= 0xFFFFFFFFu) {
        uint32_t low = (uint32_t)word;
        low = (low & 0x007F007Fu) | (low & 0x7F007F00u) >> 1;
        return (low & 0x00003FFFu) | (low & 0x3FFF0000u) >> 2;
    }
    word = (word & 0x007F007F007F007Fu) | (word & 0x7F007F007F007F00u) >> 1;
    word = (word & 0x00003FFF00003FFFu) | (word & 0x3FFF00003FFF0000u) >> 2;
    return (word & 0x000000000FFFFFFFu) | (word & 0x0FFFFFFF00000000u) >> 4;
}

/* Adds a number to the column; 0 where it does not fit in there. */
TBTOOLS_INLINE int tbtools_put_number(tbtools_rows *rows, const uint8_t *place, uint8_t size)
{
    double number;
    if (size == 4) {
        uint32_t bits = tbtools_little_u32(place);
        float narrow;
        memcpy(&narrow, &bits, 4);
        if (!rows->wide) {
            ((float *)rows->number)[rows->count] = narrow;
            return 1;
        }
        number = narrow;
    } else {
        uint64_t bits = tbtools_little_u64(place);
        memcpy(&number, &bits, 8);
        if (!rows->wide) {
            ((float *)rows->number)[rows->count] = (float)number;
            return number != number || (float)number == number;
        }
    }
    ((double *)rows->number)[rows->count] = number;
    return 1;
}

/* Adds the row of the next record, for which there is room, and goes on to the one behind it; 0 where
 * its number does not fit into the column. */
TBTOOLS_INLINE int tbtools_add_row(tbtools_place *at, const tbtools_layout *layout, tbtools_rows *rows)
{
    const uint8_t *data = at->record + TBTOOLS_HEADER;
    uint64_t wall_time = tbtools_little_u64(data + 1);
    uint64_t step = tbtools_little_u64(data + TBTOOLS_STEP_AT) & layout->step_bits;
    if (!tbtools_put_number(rows, data + layout->number_at, layout->number_size))
        return 0;
    memcpy(&rows->wall_time[rows->count], &wall_time, 8);
    rows->step[rows->count] = (int64_t)tbtools_joined_bits(step);
    rows->shape[rows->count] = layout->shape;
    rows->count++;
    at->record += layout->data_size + TBTOOLS_FRAME;
    at->behind = layout->left;
    at->last = layout->shape;
    return 1;
}

#if defined(TBTOOLS_TARGET)
/* The CRC of the data of a record. Its first 1 to 8 bytes are the last ones of a word that begins with
 * zeros; CRCs are linear, so that what the start makes of as many zeros is added (xor). */
TBTOOLS_TARGET
static inline uint32_t tbtools_crc_of(const tbtools_layout *layout, const uint8_t *data)
{
    const uint8_t *end = data + layout->data_size;
    uint64_t crc = TBTOOLS_CRC_U64(0, tbtools_load_u64(data) << layout->first_shift);
    crc ^= layout->crc_start;
    for (int64_t left = -8 * (int64_t)layout->whole_words; left; left += 8)
        crc = TBTOOLS_CRC_U64(crc, tbtools_load_u64(end + left));
    return ~(uint32_t)crc;
}

TBTOOLS_TARGET
static void tbtools_read_by_instruction(tbtools_place *place, tbtools_rows *columns)
{
    tbtools_place at = *place;
    tbtools_rows rows = *columns;
    const tbtools_layout *layout;
    while (rows.count < rows.capacity && (layout = tbtools_expected(&at)) != NULL) {
        const uint8_t *data = at.record + TBTOOLS_HEADER;
        if (tbtools_mask(tbtools_crc_of(layout, data))
                    != tbtools_little_u32(data + layout->data_size)
                || !tbtools_add_row(&at, layout, &rows))
            break;
    }
    *place = at;
    columns->count = rows.count;
}
#endif

static void tbtools_read_by_table(tbtools_place *at, tbtools_rows *rows)
{
    const tbtools_layout *layout;
    while (rows->count < rows->capacity && (layout = tbtools_expected(at)) != NULL) {
        const uint8_t *data = at->record + TBTOOLS_HEADER;
        if (tbtools_mask(~tbtools_crc_by_table(~0u, data, layout->data_size))
                    != tbtools_little_u32(data + layout->data_size)
                || !tbtools_add_row(at, layout, rows))
            break;
    }
}

/* Reads on while each record is laid out like an earlier one, namely the one that came next the last
 * time, its checksums hold, and there is room for its row. */
static inline void tbtools_read_repeats(tbtools_place *place, tbtools_rows *rows)
{
#if defined(TBTOOLS_TARGET)
    if (tbtools_crc_by_instruction) {
        tbtools_read_by_instruction(place, rows);
        return;
    }
#endif
    tbtools_read_by_table(place, rows);
}

/* Memory in place of a smaller piece of it, of which the first bytes are in use; NULL, and all as it was,
 * without any. What is large is going to be filled from its beginning: it is asked for in whole pages of
 * 2 MiB, of which far fewer have to be handed over. */
static inline void *tbtools_resized(void *memory, size_t used, size_t size)
{
#if defined(MADV_HUGEPAGE)
    if (size >= TBTOOLS_LARGE) {
        void *large = NULL;
        size = (size + TBTOOLS_LARGE - 1) / TBTOOLS_LARGE * TBTOOLS_LARGE;
        if (used >= TBTOOLS_LARGE) /* moved without a copy, perhaps to where no page begins */
            return realloc(memory, size);
        if (posix_memalign(&large, TBTOOLS_LARGE, size) != 0)
            return NULL;
        madvise(large, size, MADV_HUGEPAGE);
        if (used)
            memcpy(large, memory, used);
        free(memory);
        return large;
    }
#endif
    (void)used;
    return realloc(memory, size);
}

#endif
