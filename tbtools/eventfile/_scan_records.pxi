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


def record_starts(const uint8_t[::1] block):
    """Where records begin in a block: the first at 0, each other one where a length leads.

    Args:
        block: Bytes of a file.

    Returns:
        int64 offsets, as a buffer, of those whose length stands in the block; and where the last of
        these leads.
    """
    cdef int64_t size = block.shape[0]
    cdef int64_t at = 0
    cdef Py_ssize_t count = 0
    starts = bytearray((size // FRAME + 1) * sizeof(int64_t))
    cdef int64_t *place = <int64_t *>PyByteArray_AS_STRING(starts)
    while size - at >= 8:
        place[count] = at
        count += 1
        # A wrong length keeps within an int64, too.
        at += FRAME + <int64_t>(load_u64(&block[at]) & <uint64_t>0x3FFFFFFFFFFFFFFF)
    del starts[count * <Py_ssize_t>sizeof(int64_t):]
    return starts, at
