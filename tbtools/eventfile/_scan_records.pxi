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


cdef inline Bytes enter_last(Bytes p, Bytes end, uint8_t key) noexcept nogil:
    """Where a message begins that is all that stands there, behind its key; NULL where not."""
    cdef Bytes span_end = NULL
    if p == NULL or p >= end or p[0] != key:
        return NULL
    p = read_span(p + 1, end, &span_end)
    return p if span_end == end else NULL


def plain_scalar(bytes data):
    """Wall time, step, tag and value of an event that holds a float32 and nothing else, as most do.

    Its fields stand in the order in which `scalar_records.py` shows them.

    Args:
        data: The data of a record.

    Returns:
        None for any other event, for one that protobuf refuses, and for a step below zero.
    """
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(data)
    cdef Bytes end = p + PyBytes_GET_SIZE(data)
    cdef Bytes tag_end = NULL
    cdef double wall_time
    cdef uint64_t step = 0
    if end - p < 9 or p[0] != 0x09:
        return None
    wall_time = load_double(p + 1)
    p += 9
    if p < end and p[0] == 0x10:
        p = read_varint(p + 1, end, 9, &step)
    p = enter_last(enter_last(p, end, 0x2A), end, 0x0A)
    if p == NULL or p >= end or p[0] != 0x0A:
        return None
    p = read_span(p + 1, end, &tag_end)
    if p == NULL or end - tag_end != 5 or tag_end[0] != 0x15:
        return None
    try:
        tag = PyUnicode_DecodeUTF8(<const char *>p, tag_end - p, NULL)
    except UnicodeDecodeError:
        return None
    return wall_time, <int64_t>step, tag, load_float(tag_end + 1)
