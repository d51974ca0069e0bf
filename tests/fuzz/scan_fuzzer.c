/* What libFuzzer calls: the scan, and mutations that leave the frames of records whole, since no
   mutation at random finds the checksum that belongs to it. */

#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "_crc32c.h"

#define HEADER 12
#define FRAME 16
#define MOST_RECORDS 256

PyMODINIT_FUNC PyInit_scan_fuzzer(void);
int tbtools_fuzz_scan(const uint8_t *content, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    tbtools_crc_init();
    if (PyImport_AppendInittab("scan_fuzzer", PyInit_scan_fuzzer) < 0)
        abort();
    Py_InitializeEx(0);
    if (PyImport_ImportModule("scan_fuzzer") == NULL) {
        PyErr_Print();
        abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (tbtools_fuzz_scan(data, size) < 0) {
        PyErr_Print();
        abort();
    }
    return 0;
}

/* Frames a record whose data, of `length` bytes, stands behind the room for the header. */
static void frame(uint8_t *record, uint64_t length)
{
    uint32_t crc;
    memcpy(record, &length, 8);
    crc = tbtools_masked_crc32c(record, 8);
    memcpy(record + 8, &crc, 4);
    crc = tbtools_masked_crc32c(record + HEADER, length);
    memcpy(record + HEADER + length, &crc, 4);
}

/* Where records begin, as far as lengths lead; behind the last one stands where it ends. */
static size_t records(const uint8_t *data, size_t size, size_t *starts)
{
    size_t count = 0, at = 0;
    while (count < MOST_RECORDS && size - at >= FRAME) {
        uint64_t length;
        memcpy(&length, data + at, 8);
        if (length > size - at - FRAME)
            break;
        starts[count++] = at;
        at += FRAME + length;
    }
    starts[count] = at;
    return count;
}

/* Mutates the bytes of the file, or those inside one record, which is framed anew; or writes a
   record once more at the end. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    size_t starts[MOST_RECORDS + 1];
    size_t count = records(data, size, starts);
    unsigned int choice = seed % 16;
    size_t which = count ? (seed / 16) % count : 0;
    uint8_t *record = data + starts[which];
    size_t length = count ? starts[which + 1] - starts[which] - FRAME : 0;
    size_t room = max_size - size;
    /* Of nothing, with room for nothing, LLVMFuzzerMutate makes a byte. */
    if (count == 0 || choice == 0 || length + room == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (choice <= 3 && room >= length + FRAME) {
        size_t end = starts[count];
        memmove(data + end + length + FRAME, data + end, size - end);
        memcpy(data + end, record, length + FRAME);
        return size + length + FRAME;
    }
    size_t behind = size - starts[which + 1];
    uint8_t *rest = malloc(behind + 1);
    if (rest == NULL)
        abort();
    memcpy(rest, data + starts[which + 1], behind);
    size_t new_length = LLVMFuzzerMutate(record + HEADER, length, length + room);
    frame(record, new_length);
    memcpy(record + FRAME + new_length, rest, behind);
    free(rest);
    return size - length + new_length;
}
