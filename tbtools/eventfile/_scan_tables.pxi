"""The tables that a scan fills, which grow as it goes on; part of `_scan.pyx`."""

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
