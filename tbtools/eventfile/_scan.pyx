# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""The compiled scan: a file's bytes to columns, without the GIL.

`_scan_protobuf.Scanner` is the same in Python; what each column means stands in `scan.py`.

Every read is checked against the end of the bytes at hand: the readers below take (p, end), return
the place behind what they read, and NULL where the bytes are no protobuf. The rules are those of
protobuf's own parser: a key has at most 5 bytes and a number above 0 (not so inside unknown groups,
of which it reads no numbers), a length at most 2**31 - 1, fields of an unexpected wire type are
skipped like unknown ones, the last member of a oneof wins.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

import os

cdef extern from "_crc32c.h" nogil:
    void tbtools_crc_init()
    int tbtools_crc_by_instruction
    uint32_t tbtools_crc32c(const uint8_t *data, size_t size)
    uint32_t tbtools_crc_by_table(uint32_t crc, const uint8_t *data, size_t size)
    uint32_t tbtools_masked_crc32c(const uint8_t *data, size_t size)

tbtools_crc_init()

cdef enum:
    HEADER = 12          # u64 length, u32 masked CRC of it
    FRAME = 16           # the header, and the u32 masked CRC of the data behind the data
    MAX_DEPTH = 100      # of messages and unknown groups inside each other, as in protobuf
    VERSION_BYTES = 64   # of file_version that are kept
    RESYNC_EFFORT = 8    # bytes checked in searches for a record, at most, per byte of the file

# Problem kinds; scan.py names them.
cdef enum:
    BAD_LENGTH = 1
    BAD_DATA = 2
    UNDECODABLE = 3
    TRUNCATED = 4

cdef enum:               # wire types
    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    GROUP_START = 3
    GROUP_END = 4
    FIXED32 = 5

cdef enum:               # DataType of types.proto: those that read as one number
    DT_FLOAT = 1
    DT_DOUBLE = 2
    DT_INT32 = 3
    DT_UINT8 = 4
    DT_INT16 = 5
    DT_INT8 = 6
    DT_INT64 = 9
    DT_BOOL = 10
    DT_BFLOAT16 = 14
    DT_UINT16 = 17
    DT_HALF = 19
    DT_UINT32 = 22
    DT_UINT64 = 23


# --- wire format -----------------------------------------------------------------------------------

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


# --- one-element tensors -----------------------------------------------------------------------------

cdef struct Tensor:
    int32_t dtype
    bint one_element
    uint64_t unknown_rank
    Bytes content
    size_t content_size
    # How many values stand in the *_val field that belongs to the dtype, and the last of them.
    size_t values
    double value

cdef inline double half_to_double(uint32_t half) noexcept nogil:
    cdef int exponent = half >> 10 & 0x1F
    cdef double mantissa = half & 0x3FF
    cdef double magnitude
    cdef uint64_t bits
    if exponent == 31:  # infinity, NaN
        bits = <uint64_t>0x7FF0000000000000 | (<uint64_t>(half & 0x3FF) << 42)
        memcpy(&magnitude, &bits, 8)
    elif exponent == 0:  # subnormal: units of 2**-24
        magnitude = mantissa / 16777216.0
    else:  # (1024 + mantissa) * 2**(exponent - 25)
        bits = <uint64_t>(exponent - 25 + 1023) << 52
        memcpy(&magnitude, &bits, 8)
        magnitude *= 1024.0 + mantissa
    return -magnitude if half & 0x8000 else magnitude

cdef inline double bfloat16_to_double(uint32_t half) noexcept nogil:
    cdef uint32_t bits = half << 16
    cdef float value
    memcpy(&value, &bits, 4)
    return value

cdef inline int item_size(int32_t dtype) noexcept nogil:
    """Bytes of one element; 0 for types that do not read as a number."""
    if dtype == DT_FLOAT or dtype == DT_INT32 or dtype == DT_UINT32:
        return 4
    if dtype == DT_DOUBLE or dtype == DT_INT64 or dtype == DT_UINT64:
        return 8
    if dtype == DT_INT16 or dtype == DT_UINT16 or dtype == DT_HALF or dtype == DT_BFLOAT16:
        return 2
    if dtype == DT_INT8 or dtype == DT_UINT8 or dtype == DT_BOOL:
        return 1
    return 0

cdef double content_value(int32_t dtype, Bytes p) noexcept nogil:
    if dtype == DT_FLOAT:
        return load_float(p)
    if dtype == DT_DOUBLE:
        return load_double(p)
    if dtype == DT_INT32:
        return <int32_t>load_u32(p)
    if dtype == DT_UINT32:
        return load_u32(p)
    if dtype == DT_INT64:
        return <double><int64_t>load_u64(p)
    if dtype == DT_UINT64:
        return <double>load_u64(p)
    if dtype == DT_HALF:
        return half_to_double(p[0] | p[1] << 8)
    if dtype == DT_BFLOAT16:
        return bfloat16_to_double(p[0] | p[1] << 8)
    if dtype == DT_UINT16:
        return p[0] | p[1] << 8
    if dtype == DT_INT16:
        return <int>(p[0] | p[1] << 8) - (0x10000 if p[1] & 0x80 else 0)
    if dtype == DT_INT8:
        return <int>p[0] - (0x100 if p[0] & 0x80 else 0)
    if dtype == DT_BOOL:
        return p[0] != 0
    return p[0]

# The *_val fields by the number of the field.
cdef enum:
    FLOAT_VAL = 5
    DOUBLE_VAL = 6
    INT_VAL = 7
    INT64_VAL = 10
    BOOL_VAL = 11
    HALF_VAL = 13
    UINT32_VAL = 16
    UINT64_VAL = 17

cdef inline uint32_t value_field(int32_t dtype) noexcept nogil:
    if dtype == DT_FLOAT:
        return FLOAT_VAL
    if dtype == DT_DOUBLE:
        return DOUBLE_VAL
    if dtype == DT_INT64:
        return INT64_VAL
    if dtype == DT_BOOL:
        return BOOL_VAL
    if dtype == DT_HALF or dtype == DT_BFLOAT16:
        return HALF_VAL
    if dtype == DT_UINT32:
        return UINT32_VAL
    if dtype == DT_UINT64:
        return UINT64_VAL
    return INT_VAL

cdef inline int value_wire_type(uint32_t field) noexcept nogil:
    if field == FLOAT_VAL:
        return FIXED32
    if field == DOUBLE_VAL:
        return FIXED64
    return VARINT

cdef inline double varint_value(int32_t dtype, uint32_t field, uint64_t raw) noexcept nogil:
    if field == INT64_VAL:
        return <double><int64_t>raw
    if field == UINT64_VAL:
        return <double>raw
    if field == UINT32_VAL:
        return <uint32_t>raw
    if field == BOOL_VAL:
        return raw != 0
    if field == HALF_VAL:
        if dtype == DT_HALF:
            return half_to_double(<uint32_t>(raw & 0xFFFF))
        return bfloat16_to_double(<uint32_t>(raw & 0xFFFF))
    return <int32_t><uint32_t>raw

cdef Bytes read_number(Bytes p, Bytes end, Tensor *tensor, uint32_t field) noexcept nogil:
    """One element of a *_val field; kept where the field belongs to the tensor's dtype."""
    cdef int wire_type = value_wire_type(field)
    cdef uint64_t raw = 0
    cdef double value
    if wire_type == VARINT:
        p = read_varint(p, end, 10, &raw)
        if p == NULL:
            return NULL
        value = varint_value(tensor.dtype, field, raw)
    elif wire_type == FIXED32:
        if end - p < 4:
            return NULL
        value = load_float(p)
        p += 4
    else:
        if end - p < 8:
            return NULL
        value = load_double(p)
        p += 8
    if field == value_field(tensor.dtype):
        tensor.values += 1
        tensor.value = value
    return p

cdef bint is_value_field(uint32_t number) noexcept nogil:
    return (FLOAT_VAL <= number <= INT_VAL or INT64_VAL <= number <= BOOL_VAL or number == HALF_VAL
            or number == UINT32_VAL or number == UINT64_VAL)

cdef bint read_dim(Bytes p, Bytes end, Tensor *tensor) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef uint64_t size = 0
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == VARINT:
            p = read_varint(p, end, 10, &size)
        else:
            p = skip_field(p, end, number, wire_type, 2)
        if p == NULL:
            return False
    if size != 1:
        tensor.one_element = False
    return True

cdef bint read_shape(Bytes p, Bytes end, Tensor *tensor) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef Bytes span_end = NULL
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 2 and wire_type == BYTES:
            p = read_span(p, end, &span_end)
            if p == NULL or not read_dim(p, span_end, tensor):
                return False
            p = span_end
        elif number == 3 and wire_type == VARINT:
            p = read_varint(p, end, 10, &tensor.unknown_rank)
        else:
            p = skip_field(p, end, number, wire_type, 1)
        if p == NULL:
            return False
    return True

cdef Bytes read_tensor_span(Bytes p, Bytes end, uint32_t number, Tensor *tensor) noexcept nogil:
    """A length-delimited field of TensorProto."""
    cdef Bytes span_end = NULL
    p = read_span(p, end, &span_end)
    if p == NULL:
        return NULL
    if number == 2:
        return span_end if read_shape(p, span_end, tensor) else NULL
    if number == 4:
        tensor.content = p
        tensor.content_size = span_end - p
    elif is_value_field(number):
        while p < span_end:
            p = read_number(p, span_end, tensor, number)
            if p == NULL:
                return NULL
    return span_end

cdef bint read_tensor(Bytes p, Bytes end, Tensor *tensor) noexcept nogil:
    """The number that a tensor of one element holds; False where it is no such tensor.

    The dtype is wanted before the values: writers put it first, as the fields are numbered; for
    those that do not, it is looked for in a round of its own.
    """
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef uint64_t raw = 0
    cdef Bytes start = p
    memset(tensor, 0, sizeof(Tensor))
    tensor.one_element = True
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == VARINT:
            p = read_varint(p, end, 10, &raw)
            tensor.dtype = <int32_t><uint32_t>raw
        else:
            p = skip_field(p, end, number, wire_type, 0)
        if p == NULL:
            return False
    if item_size(tensor.dtype) == 0:
        return False
    p = start
    while p < end and tensor.one_element:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if wire_type == BYTES:
            p = read_tensor_span(p, end, number, tensor)
        elif is_value_field(number) and wire_type == value_wire_type(number):
            p = read_number(p, end, tensor, number)
        else:
            p = skip_field(p, end, number, wire_type, 0)
        if p == NULL:
            return False
    if not tensor.one_element or tensor.unknown_rank:
        return False
    if tensor.content_size:
        if tensor.content_size != <size_t>item_size(tensor.dtype):
            return False
        tensor.value = content_value(tensor.dtype, tensor.content)
        return True
    # TensorFlow leaves out values that are all zero.
    return tensor.values <= 1


# --- growing tables ------------------------------------------------------------------------------------

cdef inline bint grow(void **block, size_t capacity, size_t size) noexcept nogil:
    cdef void *grown = realloc(block[0], capacity * size)
    if grown == NULL:
        return False
    block[0] = grown
    return True

cdef struct Rows:
    size_t count
    size_t capacity
    int32_t *tag_id
    uint8_t *kind
    uint8_t *dtype
    int64_t *step
    double *wall_time
    double *value
    int64_t *offset
    uint32_t *length

cdef struct Marks:
    size_t count
    size_t capacity
    uint8_t *kind
    uint8_t *status
    int64_t *step
    double *wall_time
    int64_t *row
    int64_t *offset
    int64_t *length

cdef struct Damage:
    size_t count
    size_t capacity
    uint8_t *kind
    int64_t *offset
    int64_t *length
    uint32_t *got
    uint32_t *want

cdef struct TagEntry:
    uint64_t hash
    size_t name                # places in the arena
    size_t name_size
    size_t plugin
    size_t plugin_size
    int64_t metadata_offset    # of the Value that declares the plugin; -1 where none does
    uint32_t metadata_length
    int32_t next               # the tag that came after this one the last time

cdef struct Tags:
    size_t count
    size_t capacity
    TagEntry *entries
    # Open addressing by linear probing; -1 is free. The size is a power of two, at least twice count.
    size_t slot_count
    int32_t *slots
    # Names of tags and plugins, one behind the other.
    size_t arena_size
    size_t arena_capacity
    uint8_t *arena

cdef bint reserve_row(Rows *rows) noexcept nogil:
    cdef size_t capacity
    if rows.count < rows.capacity:
        return True
    capacity = rows.capacity + rows.capacity // 2 + 64
    if not (grow(<void **>&rows.tag_id, capacity, sizeof(int32_t))
            and grow(<void **>&rows.kind, capacity, 1)
            and grow(<void **>&rows.dtype, capacity, 1)
            and grow(<void **>&rows.step, capacity, sizeof(int64_t))
            and grow(<void **>&rows.wall_time, capacity, sizeof(double))
            and grow(<void **>&rows.value, capacity, sizeof(double))
            and grow(<void **>&rows.offset, capacity, sizeof(int64_t))
            and grow(<void **>&rows.length, capacity, sizeof(uint32_t))):
        return False
    rows.capacity = capacity
    return True

cdef bint reserve_mark(Marks *marks) noexcept nogil:
    cdef size_t capacity
    if marks.count < marks.capacity:
        return True
    capacity = marks.capacity + marks.capacity // 2 + 4
    if not (grow(<void **>&marks.kind, capacity, 1)
            and grow(<void **>&marks.status, capacity, 1)
            and grow(<void **>&marks.step, capacity, sizeof(int64_t))
            and grow(<void **>&marks.wall_time, capacity, sizeof(double))
            and grow(<void **>&marks.row, capacity, sizeof(int64_t))
            and grow(<void **>&marks.offset, capacity, sizeof(int64_t))
            and grow(<void **>&marks.length, capacity, sizeof(int64_t))):
        return False
    marks.capacity = capacity
    return True

cdef bint reserve_damage(Damage *damage) noexcept nogil:
    cdef size_t capacity
    if damage.count < damage.capacity:
        return True
    capacity = damage.capacity + damage.capacity // 2 + 4
    if not (grow(<void **>&damage.kind, capacity, 1)
            and grow(<void **>&damage.offset, capacity, sizeof(int64_t))
            and grow(<void **>&damage.length, capacity, sizeof(int64_t))
            and grow(<void **>&damage.got, capacity, sizeof(uint32_t))
            and grow(<void **>&damage.want, capacity, sizeof(uint32_t))):
        return False
    damage.capacity = capacity
    return True

cdef inline uint64_t mix(uint64_t a, uint64_t b) noexcept nogil:
    a = (a ^ b) * <uint64_t>0x9E3779B97F4A7C15
    a ^= a >> 32
    a *= <uint64_t>0xD6E8FEB86659FD93
    return a ^ a >> 29

cdef uint64_t hash_name(Bytes name, size_t size, uint64_t seed) noexcept nogil:
    """Seeded, so that nobody can prepare a file whose tags all fall into one slot."""
    cdef uint64_t word
    cdef uint64_t state = mix(seed, size)
    while size >= 8:
        state = mix(state, load_u64(name)) + seed
        name += 8
        size -= 8
    word = 0
    while size:
        size -= 1
        word = word << 8 | name[size]
    return mix(state, word)

cdef bint grow_slots(Tags *tags) noexcept nogil:
    cdef size_t slot_count = tags.slot_count * 2 if tags.slot_count else 64
    cdef int32_t *slots = <int32_t *>malloc(slot_count * sizeof(int32_t))
    cdef size_t i, slot
    if slots == NULL:
        return False
    memset(slots, 0xFF, slot_count * sizeof(int32_t))
    for i in range(tags.count):
        slot = tags.entries[i].hash & (slot_count - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (slot_count - 1)
        slots[slot] = <int32_t>i
    free(tags.slots)
    tags.slots = slots
    tags.slot_count = slot_count
    return True

cdef bint keep_bytes(Tags *tags, Bytes data, size_t size, size_t *place) noexcept nogil:
    cdef size_t capacity
    if size > tags.arena_capacity - tags.arena_size:
        capacity = tags.arena_capacity + tags.arena_capacity // 2 + size + 256
        if not grow(<void **>&tags.arena, capacity, 1):
            return False
        tags.arena_capacity = capacity
    if size:
        memcpy(tags.arena + tags.arena_size, data, size)
    place[0] = tags.arena_size
    tags.arena_size += size
    return True

cdef inline bint same_name(Tags *tags, int32_t tag_id, Bytes name, size_t size) noexcept nogil:
    cdef TagEntry *entry = &tags.entries[tag_id]
    return entry.name_size == size and (
        size == 0 or memcmp(tags.arena + entry.name, name, size) == 0)

cdef int32_t add_tag(Tags *tags, Bytes name, size_t size, uint64_t hashed) noexcept nogil:
    cdef size_t capacity, slot
    cdef TagEntry *entry
    if tags.count >= 0x7FFFFFFF:
        return -1
    if tags.count == tags.capacity:
        capacity = tags.capacity + tags.capacity // 2 + 8
        if not grow(<void **>&tags.entries, capacity, sizeof(TagEntry)):
            return -1
        tags.capacity = capacity
    if 2 * (tags.count + 1) > tags.slot_count and not grow_slots(tags):
        return -1
    entry = &tags.entries[tags.count]
    memset(entry, 0, sizeof(TagEntry))
    if not keep_bytes(tags, name, size, &entry.name):
        return -1
    entry.name_size = size
    entry.hash = hashed
    entry.metadata_offset = -1
    entry.next = -1
    slot = hashed & (tags.slot_count - 1)
    while tags.slots[slot] >= 0:
        slot = (slot + 1) & (tags.slot_count - 1)
    tags.slots[slot] = <int32_t>tags.count
    tags.count += 1
    return <int32_t>(tags.count - 1)

cdef int32_t intern_tag(Tags *tags, Bytes name, size_t size, int32_t before,
                        uint64_t seed) noexcept nogil:
    """The id of a tag, -1 without memory. Tags come in rounds, so the one that followed the tag
    before it the last time is tried first."""
    cdef int32_t tag_id
    cdef uint64_t hashed
    cdef size_t slot
    if before >= 0:
        tag_id = tags.entries[before].next
        if tag_id >= 0 and same_name(tags, tag_id, name, size):
            return tag_id
    hashed = hash_name(name, size, seed)
    tag_id = -1
    if tags.slot_count:
        slot = hashed & (tags.slot_count - 1)
        while tags.slots[slot] >= 0:
            tag_id = tags.slots[slot]
            if tags.entries[tag_id].hash == hashed and same_name(tags, tag_id, name, size):
                break
            tag_id = -1
            slot = (slot + 1) & (tags.slot_count - 1)
    if tag_id < 0:
        tag_id = add_tag(tags, name, size, hashed)
    if before >= 0 and tag_id >= 0:
        tags.entries[before].next = tag_id
    return tag_id


# --- events ----------------------------------------------------------------------------------------------

cdef struct Value:
    uint32_t kind
    Bytes tag
    size_t tag_size
    double number
    Bytes tensor
    Bytes tensor_end
    Bytes plugin
    size_t plugin_size

cdef struct Event:
    double wall_time
    int64_t step
    uint32_t what            # number of the oneof's field that is set; 0 where none is
    Bytes field              # its bytes, where it is no summary
    Bytes field_end
    Bytes summaries          # from here on, summaries count: what came before was replaced
    uint8_t status
    bint bad_value           # an event is taken whole or not at all
    # The value that was read last, and where: most events have one, which need not be read again.
    Value value
    Bytes value_at

cdef bint read_plugin_data(Bytes p, Bytes end, Value *value) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef Bytes span_end = NULL
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == BYTES:
            p = read_span(p, end, &span_end)
            if p == NULL:
                return False
            value.plugin = p
            value.plugin_size = span_end - p
            p = span_end
        else:
            p = skip_field(p, end, number, wire_type, 2)
        if p == NULL:
            return False
    return True

cdef bint read_metadata(Bytes p, Bytes end, Value *value) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef Bytes span_end = NULL
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == BYTES:
            p = read_span(p, end, &span_end)
            if p == NULL or not read_plugin_data(p, span_end, value):
                return False
            p = span_end
        else:
            p = skip_field(p, end, number, wire_type, 1)
        if p == NULL:
            return False
    return True

cdef Bytes read_value_span(Bytes p, Bytes end, uint32_t number, Value *value) noexcept nogil:
    """A length-delimited field of Summary.Value."""
    cdef Bytes span_end = NULL
    p = read_span(p, end, &span_end)
    if p == NULL:
        return NULL
    if number == 1:
        value.tag = p
        value.tag_size = span_end - p
    elif number == 9:
        return span_end if read_metadata(p, span_end, value) else NULL
    elif number == 8:
        value.kind = 8
        value.tensor = p
        value.tensor_end = span_end
    elif 3 <= number <= 6:
        value.kind = number
    return span_end

cdef bint read_value(Bytes p, Bytes end, Value *value) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    memset(value, 0, sizeof(Value))
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if wire_type == BYTES:
            p = read_value_span(p, end, number, value)
        elif number == 2 and wire_type == FIXED32:
            if end - p < 4:
                return False
            value.kind = 2
            value.number = load_float(p)
            p += 4
        else:
            p = skip_field(p, end, number, wire_type, 0)
        if p == NULL:
            return False
    return True

cdef bint read_session_log(Bytes p, Bytes end, uint8_t *status) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef uint64_t raw = 0
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == VARINT:
            p = read_varint(p, end, 10, &raw)
            status[0] = <uint8_t>raw if <uint32_t>raw <= 255 else 0
        else:
            p = skip_field(p, end, number, wire_type, 1)
        if p == NULL:
            return False
    return True

cdef bint check_summary(Bytes p, Bytes end, Event *event) noexcept nogil:
    """Whether the bytes are a Summary; notes whether all its values can be read."""
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef Bytes span_end = NULL
    while p < end:
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == BYTES:
            p = read_span(p, end, &span_end)
            if p == NULL:
                return False
            if not read_value(p, span_end, &event.value):
                event.bad_value = True
            event.value_at = p
            p = span_end
        else:
            p = skip_field(p, end, number, wire_type, 1)
        if p == NULL:
            return False
    return True

cdef bint read_event_member(Bytes p, Bytes end, uint32_t number, Bytes before,
                            Event *event) noexcept nogil:
    if number == 5:
        if event.what != 5:
            event.summaries = before
            event.bad_value = False
        if not check_summary(p, end, event):
            return False
    elif number == 7:
        if event.what != 7:
            event.status = 0
        if not read_session_log(p, end, &event.status):
            return False
    event.what = number
    event.field = p
    event.field_end = end
    return True

cdef bint read_event(Bytes p, Bytes end, Event *event) noexcept nogil:
    cdef uint32_t number = 0
    cdef int wire_type = 0
    cdef uint64_t raw = 0
    cdef Bytes before
    cdef Bytes span_end = NULL
    memset(event, 0, sizeof(Event))
    while p < end:
        before = p
        p = read_key(p, end, &number, &wire_type)
        if p == NULL:
            return False
        if number == 1 and wire_type == FIXED64:
            if end - p < 8:
                return False
            event.wall_time = load_double(p)
            p += 8
        elif number == 2 and wire_type == VARINT:
            p = read_varint(p, end, 10, &raw)
            event.step = <int64_t>raw
        elif 3 <= number <= 9 and wire_type == BYTES:
            p = read_span(p, end, &span_end)
            if p == NULL or not read_event_member(p, span_end, number, before, event):
                return False
            p = span_end
        else:
            p = skip_field(p, end, number, wire_type, 0)
        if p == NULL:
            return False
    return True


# --- the scanner ---------------------------------------------------------------------------------------

cdef class _Block:
    """Memory that a column grew in, handed on to NumPy without a copy."""

    cdef void *memory
    cdef size_t size

    def __dealloc__(self):
        free(self.memory)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.memory, self.size, 0, flags)


cdef object take(void **memory, size_t count, size_t item):
    """The first `count` items of a grown array as an object with a buffer; the array is given away."""
    cdef _Block block
    cdef void *fitting
    if count == 0:
        return b""
    # Made first: were there no memory for it later, what was reallocated would be freed twice.
    block = _Block.__new__(_Block)
    fitting = realloc(memory[0], count * item)
    block.memory = fitting if fitting != NULL else memory[0]
    block.size = count * item
    memory[0] = NULL
    return block


cdef class Scanner:
    """Turns the bytes of one event file into columns, stretch by stretch.

    Args:
        size: How long the file is taken to be; bytes behind it are left for the next scan.
        position: Where to start: 0, or the position that an earlier scan of the file ended with.
        tags: Tag names and declared plugin names (bytes) that an earlier scan found, in order, so
            that the ids stay the same.

    Attributes:
        cursor: Offset of the first byte that is still needed.
        wanted: How many bytes from the cursor are needed to go on; 0 at the end of the file.
    """

    cdef Rows rows
    cdef Marks marks
    cdef Damage damage
    cdef Tags tags
    cdef uint64_t seed
    cdef int64_t position       # the record, or the damaged stretch, at which the scan stands
    cdef readonly int64_t cursor
    cdef readonly int64_t wanted
    cdef int64_t size
    cdef bint searching         # for a whole record, after a bad length at `position`
    cdef uint32_t bad_got
    cdef uint32_t bad_want
    cdef int64_t effort         # bytes that the search for records may still check
    cdef int32_t last_tag
    cdef int64_t record_count
    cdef int64_t event_count
    cdef uint8_t version[VERSION_BYTES]
    cdef int version_size       # -1 until a file_version has been seen

    def __cinit__(self, int64_t size, int64_t position=0, tags=()):
        cdef int32_t tag_id
        cdef bytes name, plugin
        self.size = size
        self.position = self.cursor = position
        self.wanted = min(<int64_t>HEADER, size - position)
        self.effort = RESYNC_EFFORT * size
        self.last_tag = -1
        self.version_size = -1
        self.seed = int.from_bytes(os.urandom(8), "little")
        for name, plugin in tags:
            tag_id = intern_tag(&self.tags, <Bytes><char *>name, len(name), -1, self.seed)
            if tag_id < 0:
                raise MemoryError
            # Known already: what is declared anew changes nothing.
            self.tags.entries[tag_id].metadata_offset = 0 if plugin else -1
            if not keep_bytes(&self.tags, <Bytes><char *>plugin, len(plugin),
                              &self.tags.entries[tag_id].plugin):
                raise MemoryError
            self.tags.entries[tag_id].plugin_size = len(plugin)

    def __dealloc__(self):
        free(self.rows.tag_id)
        free(self.rows.kind)
        free(self.rows.dtype)
        free(self.rows.step)
        free(self.rows.wall_time)
        free(self.rows.value)
        free(self.rows.offset)
        free(self.rows.length)
        free(self.marks.kind)
        free(self.marks.status)
        free(self.marks.step)
        free(self.marks.wall_time)
        free(self.marks.row)
        free(self.marks.offset)
        free(self.marks.length)
        free(self.damage.kind)
        free(self.damage.offset)
        free(self.damage.length)
        free(self.damage.got)
        free(self.damage.want)
        free(self.tags.entries)
        free(self.tags.slots)
        free(self.tags.arena)

    def feed(self, const uint8_t[::1] buffer, int64_t base, int64_t count):
        """Scans as far as the bytes go.

        Args:
            buffer: Holds bytes of the file.
            base: The offset in the file of the buffer's first byte; not behind the cursor.
            count: How many of the buffer's bytes are the file's.
        """
        cdef Bytes data
        cdef bint done
        if count < 0 or count > buffer.shape[0] or base > self.cursor or base + count > self.size:
            raise ValueError("the buffer does not hold what it is said to hold")
        if count == 0:
            return
        data = &buffer[0]
        with nogil:
            done = self.run(data, base, base + count)
        if not done:
            raise MemoryError

    cdef bint run(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """False without memory. `data` holds the file from `base` to `limit`."""
        cdef int64_t here, length, left
        cdef uint32_t got, want
        cdef Bytes record
        cdef int found
        while True:
            if self.searching:
                found = self.search(data, base, limit)
                if found <= 0:
                    return found == 0
            here = self.position
            left = self.size - here
            if left < HEADER:
                self.wanted = 0
                return True
            if limit - here < HEADER:
                self.cursor = here
                self.wanted = HEADER
                return True
            record = data + (here - base)
            got = tbtools_masked_crc32c(record, 8)
            want = load_u32(record + 8)
            if got != want:
                self.bad_got = got
                self.bad_want = want
                self.searching = True
                self.cursor = here + 1
                continue
            if left < FRAME or load_u64(record) > <uint64_t>(left - FRAME):
                self.wanted = 0
                return True
            length = <int64_t>load_u64(record)
            if limit - here < length + FRAME:
                self.cursor = here
                self.wanted = length + FRAME
                return True
            if not self.read_record(record, length):
                return False
            self.position = self.cursor = here + FRAME + length

    cdef int search(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """Looks for a whole record behind a bad length; 1 once one is found, 0 where more bytes
        are wanted or none are left, -1 without memory."""
        cdef int64_t length
        cdef Bytes candidate
        while self.size - self.cursor >= FRAME and self.effort > 0:
            if limit - self.cursor < HEADER:
                self.wanted = HEADER
                return 0
            candidate = data + (self.cursor - base)
            # Comparing the length first is cheaper, and rules out nearly everything.
            if (load_u64(candidate) <= <uint64_t>(self.size - self.cursor - FRAME)
                    and tbtools_masked_crc32c(candidate, 8) == load_u32(candidate + 8)):
                length = <int64_t>load_u64(candidate)
                if limit - self.cursor < length + FRAME:
                    self.wanted = length + FRAME
                    return 0
                self.effort -= length
                if (tbtools_masked_crc32c(candidate + HEADER, length)
                        == load_u32(candidate + HEADER + length)):
                    if not self.note(BAD_LENGTH, self.cursor - self.position, self.bad_got,
                                     self.bad_want):
                        return -1
                    self.position = self.cursor
                    self.searching = False
                    return 1
            self.cursor += 1
        self.wanted = 0
        return 0

    cdef bint read_record(self, Bytes record, int64_t length) noexcept nogil:
        """A whole record whose length is sound; False without memory."""
        cdef Bytes data = record + HEADER
        cdef Event event
        cdef uint32_t got = tbtools_masked_crc32c(data, length)
        cdef uint32_t want = load_u32(data + length)
        if got != want:
            return self.note(BAD_DATA, length + FRAME, got, want)
        self.record_count += 1
        if not read_event(data, data + length, &event) or (event.what == 5 and event.bad_value):
            return self.note(UNDECODABLE, length + FRAME, 0, 0)
        if event.what == 5:
            if not self.add_summaries(data, data + length, &event):
                return False
        elif event.what and not self.add_mark(data, &event):
            return False
        self.event_count += 1
        return True

    cdef bint note(self, int kind, int64_t length, uint32_t got, uint32_t want) noexcept nogil:
        cdef size_t i = self.damage.count
        if not reserve_damage(&self.damage):
            return False
        self.damage.kind[i] = <uint8_t>kind
        self.damage.offset[i] = self.position
        self.damage.length[i] = length
        self.damage.got[i] = got
        self.damage.want[i] = want
        self.damage.count += 1
        return True

    cdef bint add_mark(self, Bytes data, Event *event) noexcept nogil:
        cdef size_t i = self.marks.count
        if not reserve_mark(&self.marks):
            return False
        self.marks.kind[i] = <uint8_t>event.what
        self.marks.status[i] = event.status if event.what == 7 else 0
        self.marks.step[i] = event.step
        self.marks.wall_time[i] = event.wall_time
        self.marks.row[i] = self.rows.count
        self.marks.offset[i] = self.position + HEADER + (event.field - data)
        self.marks.length[i] = event.field_end - event.field
        self.marks.count += 1
        if event.what == 3 and self.version_size < 0:
            self.version_size = <int>min(<int64_t>VERSION_BYTES, event.field_end - event.field)
            memcpy(self.version, event.field, self.version_size)
        return True

    cdef bint add_summaries(self, Bytes data, Bytes end, Event *event) noexcept nogil:
        """Adds the values of an event that has been checked; False without memory."""
        cdef uint32_t number = 0
        cdef int wire_type = 0
        cdef Bytes span_end = NULL
        cdef Bytes p = event.summaries
        while p < end:
            p = read_key(p, end, &number, &wire_type)
            if number == 5 and wire_type == BYTES:
                p = read_span(p, end, &span_end)
                if not self.add_summary(data, p, span_end, event):
                    return False
                p = span_end
            else:
                p = skip_field(p, end, number, wire_type, 0)
        return True

    cdef bint add_summary(self, Bytes data, Bytes p, Bytes end, Event *event) noexcept nogil:
        cdef uint32_t number = 0
        cdef int wire_type = 0
        cdef Bytes span_end = NULL
        while p < end:
            p = read_key(p, end, &number, &wire_type)
            if number == 1 and wire_type == BYTES:
                p = read_span(p, end, &span_end)
                if p != event.value_at:
                    read_value(p, span_end, &event.value)
                    event.value_at = p
                if not self.add_value(&event.value, event, self.position + HEADER + (p - data),
                                      <uint32_t>(span_end - p)):
                    return False
                p = span_end
            else:
                p = skip_field(p, end, number, wire_type, 1)
        return True

    cdef bint add_value(self, Value *value, Event *event, int64_t offset,
                        uint32_t length) noexcept nogil:
        cdef size_t i = self.rows.count
        cdef int32_t tag_id
        cdef Tensor tensor
        cdef uint8_t dtype = 0
        cdef uint64_t not_a_number = <uint64_t>0x7FF8000000000000
        cdef double number
        memcpy(&number, &not_a_number, 8)
        if value.kind == 0 and value.tag_size == 0:
            return True  # says nothing about nothing
        tag_id = intern_tag(&self.tags, value.tag, value.tag_size, self.last_tag, self.seed)
        if tag_id < 0 or not reserve_row(&self.rows):
            return False
        self.last_tag = tag_id
        if value.plugin_size and self.tags.entries[tag_id].metadata_offset < 0:
            if not self.declare_plugin(tag_id, value, offset, length):
                return False
        if value.kind == 2:
            dtype = DT_FLOAT
            number = value.number
        elif value.kind == 8 and read_tensor(value.tensor, value.tensor_end, &tensor):
            dtype = <uint8_t>tensor.dtype
            number = tensor.value
        self.rows.tag_id[i] = tag_id
        self.rows.kind[i] = <uint8_t>value.kind
        self.rows.dtype[i] = dtype
        self.rows.step[i] = event.step
        self.rows.wall_time[i] = event.wall_time
        self.rows.value[i] = number
        self.rows.offset[i] = offset
        self.rows.length[i] = length
        self.rows.count += 1
        return True

    cdef bint declare_plugin(self, int32_t tag_id, Value *value, int64_t offset,
                             uint32_t length) noexcept nogil:
        cdef TagEntry *entry = &self.tags.entries[tag_id]
        if not keep_bytes(&self.tags, value.plugin, value.plugin_size, &entry.plugin):
            return False
        entry.plugin_size = value.plugin_size
        entry.metadata_offset = offset
        entry.metadata_length = length
        return True

    def finish(self):
        """The columns found, as buffers; the scanner is empty afterwards.

        Returns:
            A dict whose keys and dtypes scan.py documents.
        """
        cdef int tail = 0
        cdef int64_t left = self.size - self.position
        cdef size_t i
        cdef TagEntry *entry
        cdef Rows *rows = &self.rows
        cdef Marks *marks = &self.marks
        cdef Damage *damage = &self.damage
        if self.searching:
            tail = BAD_LENGTH
        elif left:
            tail = TRUNCATED
        names = []
        plugins = []
        metadata = []
        for i in range(self.tags.count):
            entry = &self.tags.entries[i]
            names.append((<char *>self.tags.arena)[entry.name:entry.name + entry.name_size])
            plugins.append((<char *>self.tags.arena)[entry.plugin:entry.plugin + entry.plugin_size])
            metadata.append((entry.metadata_offset, entry.metadata_length))
        value_count, mark_count, damage_count = rows.count, marks.count, damage.count
        rows.count = marks.count = damage.count = 0
        rows.capacity = marks.capacity = damage.capacity = 0
        return {
            "tag_names": names,
            "tag_plugins": plugins,
            "tag_metadata": metadata,
            "tag_id": take(<void **>&rows.tag_id, value_count, sizeof(int32_t)),
            "kind": take(<void **>&rows.kind, value_count, 1),
            "dtype": take(<void **>&rows.dtype, value_count, 1),
            "step": take(<void **>&rows.step, value_count, sizeof(int64_t)),
            "wall_time": take(<void **>&rows.wall_time, value_count, sizeof(double)),
            "value": take(<void **>&rows.value, value_count, sizeof(double)),
            "offset": take(<void **>&rows.offset, value_count, sizeof(int64_t)),
            "length": take(<void **>&rows.length, value_count, sizeof(uint32_t)),
            "mark_kind": take(<void **>&marks.kind, mark_count, 1),
            "mark_status": take(<void **>&marks.status, mark_count, 1),
            "mark_step": take(<void **>&marks.step, mark_count, sizeof(int64_t)),
            "mark_wall_time": take(<void **>&marks.wall_time, mark_count, sizeof(double)),
            "mark_row": take(<void **>&marks.row, mark_count, sizeof(int64_t)),
            "mark_offset": take(<void **>&marks.offset, mark_count, sizeof(int64_t)),
            "mark_length": take(<void **>&marks.length, mark_count, sizeof(int64_t)),
            "damage_kind": take(<void **>&damage.kind, damage_count, 1),
            "damage_offset": take(<void **>&damage.offset, damage_count, sizeof(int64_t)),
            "damage_length": take(<void **>&damage.length, damage_count, sizeof(int64_t)),
            "damage_got": take(<void **>&damage.got, damage_count, sizeof(uint32_t)),
            "damage_want": take(<void **>&damage.want, damage_count, sizeof(uint32_t)),
            "tail": (tail, self.position, left, self.bad_got, self.bad_want),
            "position": self.position,
            "records": self.record_count,
            "events": self.event_count,
            "file_version": (
                (<char *>self.version)[:self.version_size] if self.version_size >= 0 else None),
        }


def crc32c(const uint8_t[::1] data, bint by_table=False):
    """CRC-32C of bytes: by the instruction where the processor has one, or by table on request."""
    cdef Bytes start = &data[0] if data.shape[0] else NULL
    if by_table:
        return <uint32_t>~tbtools_crc_by_table(0xFFFFFFFF, start, data.shape[0])
    return tbtools_crc32c(start, data.shape[0])


def crc_by_instruction():
    """Whether the processor's own CRC instruction is in use."""
    return bool(tbtools_crc_by_instruction)
