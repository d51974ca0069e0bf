/* CRC-32C (Castagnoli) of a stretch of memory: by the processor's instruction where there is one
 * (SSE4.2, Armv8), asked for at run time, and by eight tables elsewhere.
 *
 * The polynomial is 0x1EDC6F41, reflected 0x82F63B78; start and end are inverted (RFC 3720, B.4).
 */
#ifndef TBTOOLS_CRC32C_H
#define TBTOOLS_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <nmmintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#define TBTOOLS_TARGET
#else
#define TBTOOLS_TARGET __attribute__((target("sse4.2")))
#endif
#define TBTOOLS_CRC_U64(crc, word) _mm_crc32_u64((crc), (word))
#define TBTOOLS_CRC_U32(crc, word) _mm_crc32_u32((uint32_t)(crc), (word))
#define TBTOOLS_CRC_U8(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))
#elif defined(__aarch64__) && (defined(__linux__) || defined(__APPLE__)) && !defined(__clang_analyzer__)
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#if !defined(__ARM_FEATURE_CRC32) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("+crc")
#include <arm_acle.h>
#pragma GCC pop_options
#else
#include <arm_acle.h>
#endif
#if defined(__clang__)
#define TBTOOLS_TARGET __attribute__((target("crc")))
#else
#define TBTOOLS_TARGET __attribute__((target("+crc")))
#endif
#define TBTOOLS_CRC_U64(crc, word) __crc32cd((uint32_t)(crc), (word))
#define TBTOOLS_CRC_U32(crc, word) __crc32cw((uint32_t)(crc), (word))
#define TBTOOLS_CRC_U8(crc, byte) __crc32cb((uint32_t)(crc), (byte))
#endif

#define TBTOOLS_CRC_POLYNOMIAL 0x82F63B78u

/* The instruction answers three cycles after it is asked but can be asked every cycle, so three
 * stretches of this many bytes are summed side by side and joined. */
#define TBTOOLS_CRC_LANE 1024

static uint32_t tbtools_crc_table[8][256];
/* tbtools_crc_lane_shift[i][b]: what byte i of a CRC, of value b, becomes after TBTOOLS_CRC_LANE
 * zero bytes: CRCs are linear, so the four add up (xor) to the shifted CRC. */
static uint32_t tbtools_crc_lane_shift[4][256];
static int tbtools_crc_by_instruction = 0;

static void tbtools_crc_init(void)
{
    for (int byte = 0; byte < 256; byte++) {
        uint32_t crc = (uint32_t)byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (TBTOOLS_CRC_POLYNOMIAL & (0u - (crc & 1u)));
        tbtools_crc_table[0][byte] = crc;
    }
    for (int byte = 0; byte < 256; byte++)
        for (int slice = 1; slice < 8; slice++) {
            uint32_t before = tbtools_crc_table[slice - 1][byte];
            tbtools_crc_table[slice][byte] = (before >> 8) ^ tbtools_crc_table[0][before & 0xFF];
        }
    uint32_t unit[32]; /* each single bit, TBTOOLS_CRC_LANE zero bytes later */
    for (int bit = 0; bit < 32; bit++) {
        uint32_t crc = 1u << bit;
        for (int count = 0; count < TBTOOLS_CRC_LANE; count++)
            crc = (crc >> 8) ^ tbtools_crc_table[0][crc & 0xFF];
        unit[bit] = crc;
    }
    for (int part = 0; part < 4; part++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = 0;
            for (int bit = 0; bit < 8; bit++)
                if (byte >> bit & 1)
                    crc ^= unit[part * 8 + bit];
            tbtools_crc_lane_shift[part][byte] = crc;
        }
#if defined(_M_X64)
    int registers[4];
    __cpuid(registers, 1);
    tbtools_crc_by_instruction = registers[2] >> 20 & 1;
#elif defined(__x86_64__)
    __builtin_cpu_init();
    tbtools_crc_by_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(TBTOOLS_TARGET) && defined(__linux__)
    tbtools_crc_by_instruction = (getauxval(AT_HWCAP) >> 7 & 1) != 0; /* HWCAP_CRC32 */
#elif defined(TBTOOLS_TARGET)
    tbtools_crc_by_instruction = 1; /* every arm64 Mac has it */
#endif
}

static uint32_t tbtools_crc_by_table(uint32_t crc, const uint8_t *data, size_t size)
{
    while (size >= 8) {
        uint32_t low = crc ^ ((uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16
                              | (uint32_t)data[3] << 24);
        crc = tbtools_crc_table[7][low & 0xFF] ^ tbtools_crc_table[6][low >> 8 & 0xFF]
            ^ tbtools_crc_table[5][low >> 16 & 0xFF] ^ tbtools_crc_table[4][low >> 24]
            ^ tbtools_crc_table[3][data[4]] ^ tbtools_crc_table[2][data[5]]
            ^ tbtools_crc_table[1][data[6]] ^ tbtools_crc_table[0][data[7]];
        data += 8;
        size -= 8;
    }
    while (size--)
        crc = (crc >> 8) ^ tbtools_crc_table[0][(crc ^ *data++) & 0xFF];
    return crc;
}

#if defined(TBTOOLS_TARGET)
static uint32_t tbtools_crc_shift_lane(uint32_t crc)
{
    return tbtools_crc_lane_shift[0][crc & 0xFF] ^ tbtools_crc_lane_shift[1][crc >> 8 & 0xFF]
         ^ tbtools_crc_lane_shift[2][crc >> 16 & 0xFF] ^ tbtools_crc_lane_shift[3][crc >> 24];
}

static inline uint64_t tbtools_load_u64(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

TBTOOLS_TARGET
static uint32_t tbtools_crc_hardware(uint32_t start, const uint8_t *data, size_t size)
{
    uint64_t crc = start;
    while (size >= 3 * TBTOOLS_CRC_LANE) {
        uint64_t second = 0, third = 0;
        for (size_t i = 0; i < TBTOOLS_CRC_LANE; i += 8) {
            crc = TBTOOLS_CRC_U64(crc, tbtools_load_u64(data + i));
            second = TBTOOLS_CRC_U64(second, tbtools_load_u64(data + TBTOOLS_CRC_LANE + i));
            third = TBTOOLS_CRC_U64(third, tbtools_load_u64(data + 2 * TBTOOLS_CRC_LANE + i));
        }
        crc = tbtools_crc_shift_lane((uint32_t)crc) ^ second;
        crc = tbtools_crc_shift_lane((uint32_t)crc) ^ third;
        data += 3 * TBTOOLS_CRC_LANE;
        size -= 3 * TBTOOLS_CRC_LANE;
    }
    while (size >= 8) {
        crc = TBTOOLS_CRC_U64(crc, tbtools_load_u64(data));
        data += 8;
        size -= 8;
    }
    if (size >= 4) {
        uint32_t word;
        memcpy(&word, data, sizeof word);
        crc = TBTOOLS_CRC_U32(crc, word);
        data += 4;
        size -= 4;
    }
    while (size--)
        crc = TBTOOLS_CRC_U8(crc, *data++);
    return (uint32_t)crc;
}
#endif

static inline uint32_t tbtools_crc32c(const uint8_t *data, size_t size)
{
#if defined(TBTOOLS_TARGET)
    if (tbtools_crc_by_instruction)
        return ~tbtools_crc_hardware(~0u, data, size);
#endif
    return ~tbtools_crc_by_table(~0u, data, size);
}

/* As TFRecord files hold it: rotated and shifted by a constant, so that the CRC of a record that
 * itself holds CRCs stays a good one. */
static inline uint32_t tbtools_mask(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

static inline uint32_t tbtools_masked_crc32c(const uint8_t *data, size_t size)
{
    return tbtools_mask(tbtools_crc32c(data, size));
}

#endif
