/* Records of a shape that is known: whether the next one is such a record, and its step.
 *
 * All but the header of a record, in the order in which every writer at hand writes it:
 *
 *     09 <wall time> [10 <step>] <constant> <number> <constant> <masked CRC>
 */
#ifndef TBTOOLS_REPEAT_H
#define TBTOOLS_REPEAT_H

#include "_crc32c.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

enum {
    TBTOOLS_HEADER = 12,
    TBTOOLS_STEP_AT = 10,       /* in the data of a record that has a step */
    TBTOOLS_LARGE = 4 << 20,    /* bytes from which on large pages pay */
};

typedef struct {
    size_t constant;            /* where the data of such a record is kept, and the room there */
    size_t constant_room;
    uint32_t data_size;
    uint32_t header_crc;        /* masked, of the length: checked once */
    uint32_t value_at;          /* the Summary.Value, in the record */
    uint32_t number_at;         /* in the data */
    uint8_t number_size;        /* 4 for a float, 8 for a double */
    uint8_t step_size;          /* 0 where the step is left out */
} tbtools_layout;

static inline uint64_t tbtools_little_u64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* There are 8 bytes in front of the end of both. */
static inline int tbtools_same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
    for (; size >= 8; a += 8, b += 8, size -= 8)
        if (tbtools_little_u64(a) != tbtools_little_u64(b))
            return 0;
    return size == 0 || (tbtools_little_u64(a + size - 8) ^ tbtools_little_u64(b + size - 8))
                        >> (64 - 8 * size) == 0;
}

/* A step of that many bytes, each but the last with its highest bit set: else 0 is returned. */
static inline int tbtools_read_step(const uint8_t *p, unsigned size, uint64_t *step)
{
    uint64_t word = tbtools_little_u64(p); /* more than the step: the number and a CRC follow */
    unsigned low = size < 8 ? size : 8;
    uint64_t used = ~(uint64_t)0 >> (64 - 8 * low);
    uint64_t going_on = 0x8080808080808080u & used;
    if (size <= 8)
        going_on &= used >> 8;
    if ((word & 0x8080808080808080u & used) != going_on)
        return 0;
    word &= 0x7F7F7F7F7F7F7F7Fu & used;
    word = (word & 0x007F007F007F007Fu) | (word & 0x7F007F007F007F00u) >> 1;
    word = (word & 0x00003FFF00003FFFu) | (word & 0x3FFF00003FFF0000u) >> 2;
    word = (word & 0x000000000FFFFFFFu) | (word & 0x0FFFFFFF00000000u) >> 4;
    for (unsigned i = 8; i < size; i++) {
        if ((p[i] >= 0x80) != (i < size - 1))
            return 0;
        word |= (uint64_t)(p[i] & 0x7F) << (7 * i);
    }
    *step = word;
    return 1;
}

/* Whether a whole record, of the layout's size, is one of that layout with sound checksums: all its
 * bytes are `constant` but those of wall time, step, number and the checksum of the data. */
static inline int tbtools_repeats(const tbtools_layout *layout, const uint8_t *constant,
                                  const uint8_t *record, uint64_t *step)
{
    const uint8_t *data = record + TBTOOLS_HEADER;
    size_t size = layout->data_size, start = TBTOOLS_STEP_AT - 1;
    size_t number_end = (size_t)layout->number_at + layout->number_size;
    uint32_t crc, want;
    if (tbtools_little_u64(record) != size
            || (uint32_t)tbtools_little_u64(record + 8) != layout->header_crc || data[0] != 0x09)
        return 0;
    *step = 0;
    if (layout->step_size) {
        if (data[start] != 0x10 || !tbtools_read_step(data + start + 1, layout->step_size, step))
            return 0;
        start += 1 + layout->step_size;
    }
    if (!tbtools_same_bytes(data + start, constant + start, layout->number_at - start)
            || !tbtools_same_bytes(data + number_end, constant + number_end, size - number_end))
        return 0;
    crc = tbtools_masked_crc32c(data, size);
    want = (uint32_t)(tbtools_little_u64(data + size - 4) >> 32);
    return crc == want;
}

/* Tells the operating system that memory is going to be filled from its beginning: in pages of
 * 2 MiB, of which far fewer have to be handed over. */
static inline void tbtools_expect_writes(void *memory, size_t size)
{
#if defined(MADV_HUGEPAGE)
    if (size >= TBTOOLS_LARGE) {
        uintptr_t first = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095;
        madvise((void *)first, (uintptr_t)memory + size - first, MADV_HUGEPAGE);
    }
#else
    (void)memory;
    (void)size;
#endif
}

#endif
