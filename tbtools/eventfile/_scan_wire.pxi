"""Protobuf's wire format: numbers, keys, spans, and how fields are skipped.

Part of `_scan.pyx`, whose docstring has the rules.
"""

cdef enum:               # wire types
    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    GROUP_START = 3
    GROUP_END = 4
    FIXED32 = 5

ctypedef const uint8_t *Bytes

cdef inline uint32_t load_u32(Bytes p) noexcept nogil:
    return p[0] | <uint32_t>p[1] << 8 | <uint32_t>p[2] << 16 | <uint32_t>p[3] << 24

cdef inline uint64_t load_u64(Bytes p) noexcept nogil:
    return load_u32(p) | <uint64_t>load_u32(p + 4) << 32

cdef inline double load_double(Bytes p) noexcept nogil:
    cdef uint64_t bits = load_u64(p)
    cdef double value
    memcpy(&value, &bits, 8)
    return value

cdef inline double load_float(Bytes p) noexcept nogil:
    cdef uint32_t bits = load_u32(p)
    cdef float value
    memcpy(&value, &bits, 4)
    return value

cdef inline Bytes read_varint(Bytes p, Bytes end, int max_bytes, uint64_t *value) noexcept nogil:
    cdef uint64_t result = 0
    cdef uint8_t byte
    cdef int i
    for i in range(max_bytes):
        if p >= end:
            return NULL
        byte = p[0]
        p += 1
        result |= <uint64_t>(byte & 0x7F) << (7 * i)
        if byte < 0x80:
            value[0] = result
            return p
    return NULL

cdef inline Bytes read_group_key(Bytes p, Bytes end, uint32_t *number,
                                 int *wire_type) noexcept nogil:
    cdef uint64_t key = 0
    p = read_varint(p, end, 5, &key)
    if p == NULL or key > 0xFFFFFFFFu:
        return NULL
    number[0] = <uint32_t>(key >> 3)
    wire_type[0] = <int>(key & 7)
    return p

cdef inline Bytes read_key(Bytes p, Bytes end, uint32_t *number, int *wire_type) noexcept nogil:
    p = read_group_key(p, end, number, wire_type)
    return p if p != NULL and number[0] != 0 else NULL

cdef inline Bytes read_span(Bytes p, Bytes end, Bytes *span_end) noexcept nogil:
    """A length and the place behind that many bytes, which lies within the end."""
    cdef uint64_t size = 0
    p = read_varint(p, end, 5, &size)
    if p == NULL or size > 0x7FFFFFFFu or size > <uint64_t>(end - p):
        return NULL
    span_end[0] = p + size
    return p

cdef Bytes skip_field(Bytes p, Bytes end, uint32_t number, int wire_type, int level) noexcept nogil:
    """The place behind a field of a message that stands `level` messages deep inside what protobuf
    parses at once: an Event, a Value, a TensorProto."""
    cdef uint32_t open_groups[MAX_DEPTH]
    cdef int depth = 0
    cdef uint64_t ignored = 0
    cdef Bytes span_end = NULL
    while True:
        if wire_type == VARINT:
            p = read_varint(p, end, 10, &ignored)
        elif wire_type == FIXED64:
            p = p + 8 if end - p >= 8 else NULL
        elif wire_type == FIXED32:
            p = p + 4 if end - p >= 4 else NULL
        elif wire_type == BYTES:
            p = span_end if read_span(p, end, &span_end) != NULL else NULL
        elif wire_type == GROUP_START:
            if depth == MAX_DEPTH - level:
                return NULL
            open_groups[depth] = number
            depth += 1
        elif wire_type == GROUP_END:
            if depth == 0 or open_groups[depth - 1] != number:
                return NULL
            depth -= 1
        else:
            return NULL
        if p == NULL or depth == 0:
            return p
        p = read_group_key(p, end, &number, &wire_type)
        if p == NULL:
            return NULL
