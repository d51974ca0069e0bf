/* The physical limit: a loop that does nothing but what every reader must that checks what it reads.
 *
 * It checks both CRCs of each record and fills step, wall time, value and tag of the scalars that
 * torch and tensorboardX write, one a record. It knows no other event, stops at the first record
 * that is damaged or does not fit into its buffer, and is fast only where the tags come in rounds.
 *
 *     cc -O3 -march=native -shared -fPIC limit.c -o liblimit.so
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define CRC_U64 _mm_crc32_u64
#define CRC_U32(crc, word) _mm_crc32_u32((uint32_t)(crc), (word))
#define CRC_U8(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))
#else
#include <arm_acle.h>
#define CRC_U64(crc, word) __crc32cd((uint32_t)(crc), (word))
#define CRC_U32(crc, word) __crc32cw((uint32_t)(crc), (word))
#define CRC_U8(crc, byte) __crc32cb((uint32_t)(crc), (byte))
#endif

enum { CHUNK = 1 << 20, MOST_TAGS = 4096, HEADER = 12, FRAME = 16 };

struct tag { const uint8_t *name; size_t size; };

static uint64_t load_u64(const uint8_t *p) { uint64_t word; memcpy(&word, p, 8); return word; }
static uint32_t load_u32(const uint8_t *p) { uint32_t word; memcpy(&word, p, 4); return word; }

static uint32_t masked_crc(const uint8_t *data, size_t size)
{
    uint64_t crc = ~0u;
    for (; size >= 8; data += 8, size -= 8)
        crc = CRC_U64(crc, load_u64(data));
    if (size >= 4) {
        crc = CRC_U32(crc, load_u32(data));
        data += 4;
        size -= 4;
    }
    while (size--)
        crc = CRC_U8(crc, *data++);
    uint32_t sum = ~(uint32_t)crc;
    return ((sum >> 15) | (sum << 17)) + 0xA282EAD8u;
}

/* The columns of scalars, and memory in pages of 2 MiB where the system has them. */
static void *column(size_t count, size_t size)
{
    void *memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#if defined(MADV_HUGEPAGE)
    if (memory != MAP_FAILED)
        madvise(memory, count * size, MADV_HUGEPAGE);
#endif
    return memory;
}

static int32_t find_tag(struct tag *tags, int32_t *count, int32_t last, const uint8_t *name, size_t size)
{
    for (int32_t i = 1; i <= *count; i++) {
        int32_t next = last + i < *count ? last + i : last + i - *count;
        if (tags[next].size == size && memcmp(tags[next].name, name, size) == 0)
            return next;
    }
    if (*count == MOST_TAGS)
        return -1;
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, name, size);
    tags[*count] = (struct tag){copy, size};
    return (*count)++;
}

/* How many scalars stand in front of the first damage; -1 where the file cannot be read. */
int64_t read_scalars(const char *path)
{
    static struct tag tags[MOST_TAGS];
    static uint8_t buffer[CHUNK];
    int32_t tag_count = 0, tag = -1;
    int file = open(path, O_RDONLY);
    off_t size = file < 0 ? -1 : lseek(file, 0, SEEK_END);
    if (size < 0)
        return -1;
    size_t room = (size_t)size / 35 + 1; /* the shortest record of a scalar */
    int64_t *step = column(room, 8);
    double *wall_time = column(room, 8);
    float *value = column(room, 4);
    int32_t *tag_id = column(room, 4);
    size_t rows = 0, kept = 0;
    off_t offset = 0;
    int damaged = 0;
    for (ssize_t got; !damaged && (got = pread(file, buffer + kept, CHUNK - kept, offset)) > 0;) {
        const uint8_t *p = buffer, *end = buffer + kept + got;
        offset += got;
        while (end - p >= HEADER) {
            uint64_t length = load_u64(p);
            if ((damaged = masked_crc(p, 8) != load_u32(p + 8)))
                break;
            if ((uint64_t)(end - p) < length + FRAME)
                break;
            const uint8_t *data = p + HEADER, *data_end = data + length, *q = data + 9;
            if ((damaged = masked_crc(data, length) != load_u32(data_end)))
                break;
            p = data_end + 4;
            uint64_t number = 0;
            if (*q == 0x10) {
                int shift = 0;
                do
                    number |= (uint64_t)(*++q & 0x7F) << shift, shift += 7;
                while (*q & 0x80);
                q++;
            }
            q += 6; /* 2a LENGTH 0a LENGTH 0a LENGTH, each of one byte */
            if (q + 5 > data_end || q[-6] != 0x2A || q[-1] != data_end - 5 - q || data_end[-5] != 0x15)
                continue; /* no scalar */
            int32_t found = find_tag(tags, &tag_count, tag, q, q[-1]);
            if (found < 0)
                continue;
            tag = found;
            step[rows] = (int64_t)number;
            memcpy(&wall_time[rows], data + 1, 8);
            memcpy(&value[rows], data_end - 4, 4);
            tag_id[rows++] = tag;
        }
        kept = (size_t)(end - p);
        memmove(buffer, p, kept);
    }
    close(file);
    munmap(step, room * 8);
    munmap(wall_time, room * 8);
    munmap(value, room * 4);
    munmap(tag_id, room * 4);
    for (int32_t i = 0; i < tag_count; i++)
        free((void *)tags[i].name);
    return (int64_t)rows;
}
