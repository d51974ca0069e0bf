"""Records one by one, for readers that take them so; part of `_scan.pyx`."""


def sound_records(const uint8_t[::1] block, Py_ssize_t start):
    """The data of the records from there on, as far as they are sound and whole in the block.

    Args:
        block: Bytes of a file.
        start: Where the first record begins in them.
    """
    cdef Py_ssize_t size = block.shape[0]
    cdef uint64_t length
    cdef Bytes record
    found = []
    while 0 <= start and size - start >= FRAME:
        record = &block[start]
        length = load_u64(record)
        if (length > <uint64_t>(size - start - FRAME)
                or tbtools_masked_crc32c(record, 8) != load_u32(record + 8)
                or tbtools_masked_crc32c(record + HEADER, length)
                != load_u32(record + HEADER + length)):
            break
        found.append((<char *>record)[HEADER:HEADER + <Py_ssize_t>length])
        start += FRAME + <Py_ssize_t>length
    return found
