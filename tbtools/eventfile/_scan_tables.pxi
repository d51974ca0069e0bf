"""The tables that a scan fills, which grow as it goes on; part of `_scan.pyx`."""

cdef inline bint grow(void **block, size_t capacity, size_t size) noexcept nogil:
    cdef void *grown = realloc(block[0], capacity * size)
    if grown == NULL:
        return False
    block[0] = grown
    return True

# Where those rows lie that do not tell it by their shape.
cdef struct Places:
    size_t count
    size_t capacity
    int64_t *row
    int64_t *offset
    uint32_t *length

cdef struct Shapes:
    size_t count
    size_t capacity
    Shape *entries

cdef struct Layouts:
    size_t count
    size_t capacity
    Layout *entries

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
    int32_t shape              # the newest one; -1 for none
    uint32_t shape_count       # of those that tell places

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

cdef inline bint resize_column(void **column, Rows *rows, size_t capacity, size_t size) noexcept nogil:
    cdef void *resized = tbtools_resized(column[0], rows.count * size, capacity * size)
    if resized == NULL:
        return False
    column[0] = resized
    return True

cdef bint resize_rows(Rows *rows, size_t capacity) noexcept nogil:
    cdef size_t width = sizeof(double) if rows.wide else sizeof(float)
    if not (resize_column(<void **>&rows.shape, rows, capacity, sizeof(int32_t))
            and resize_column(<void **>&rows.step, rows, capacity, sizeof(int64_t))
            and resize_column(<void **>&rows.wall_time, rows, capacity, sizeof(double))
            and resize_column(&rows.number, rows, capacity, width)):
        return False
    rows.capacity = capacity
    return True

cdef bint grow_rows(Rows *rows, size_t expected) noexcept nogil:
    """Room for more rows: at once for all that are expected, for memory that is not written to
    takes no place; where there is not so much, for half as many again."""
    cdef size_t capacity = rows.capacity + rows.capacity // 2 + 64
    if rows.count > EXPECTING and expected > capacity and resize_rows(rows, expected):
        return True
    return resize_rows(rows, capacity)

cdef bint widen(Rows *rows) noexcept nogil:
    """Makes the numbers doubles."""
    cdef double *number = <double *>malloc(max(rows.capacity, <size_t>1) * sizeof(double))
    cdef size_t i
    if number == NULL:
        return False
    for i in range(rows.count):
        number[i] = (<float *>rows.number)[i]
    free(rows.number)
    rows.number = number
    rows.wide = True
    return True

cdef inline bint put_number(Rows *rows, double number) noexcept nogil:
    """The number of the row that is being added; False without memory."""
    if not rows.wide and number == number and <float>number != number and not widen(rows):
        return False
    if rows.wide:
        (<double *>rows.number)[rows.count] = number
    else:
        (<float *>rows.number)[rows.count] = <float>number
    return True

cdef bint reserve_place(Places *places) noexcept nogil:
    cdef size_t capacity
    if places.count < places.capacity:
        return True
    capacity = places.capacity + places.capacity // 2 + 16
    if not (grow(<void **>&places.row, capacity, sizeof(int64_t))
            and grow(<void **>&places.offset, capacity, sizeof(int64_t))
            and grow(<void **>&places.length, capacity, sizeof(uint32_t))):
        return False
    places.capacity = capacity
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

cdef inline void move_column(void *column, size_t before, void **added, size_t count,
                             size_t size) noexcept nogil:
    memcpy(<uint8_t *>column + before * size, added[0], count * size)
    free(added[0])
    added[0] = NULL

cdef void move_rows(Rows *rows, Rows *added) noexcept nogil:
    """Rows behind others, where there is room for them: one column after the other, so that no more
    than one is held twice."""
    cdef size_t before = rows.count, count = added.count
    move_column(rows.shape, before, <void **>&added.shape, count, sizeof(int32_t))
    move_column(rows.step, before, <void **>&added.step, count, sizeof(int64_t))
    move_column(rows.wall_time, before, <void **>&added.wall_time, count, sizeof(double))
    move_column(rows.number, before, &added.number, count,
                sizeof(double) if rows.wide else sizeof(float))
    rows.count += count
    added.count = added.capacity = 0

cdef bint append_places(Places *places, Places *added, size_t rows) noexcept nogil:
    """Places behind others, `rows` rows further on."""
    cdef size_t i
    for i in range(added.count):
        if not reserve_place(places):
            return False
        places.row[places.count] = added.row[i] + rows
        places.offset[places.count] = added.offset[i]
        places.length[places.count] = added.length[i]
        places.count += 1
    return True

cdef bint append_marks(Marks *marks, Marks *added, size_t rows) noexcept nogil:
    """Marks behind others, `rows` rows further on."""
    cdef size_t i
    for i in range(added.count):
        if not reserve_mark(marks):
            return False
        marks.kind[marks.count] = added.kind[i]
        marks.status[marks.count] = added.status[i]
        marks.step[marks.count] = added.step[i]
        marks.wall_time[marks.count] = added.wall_time[i]
        marks.row[marks.count] = added.row[i] + rows
        marks.offset[marks.count] = added.offset[i]
        marks.length[marks.count] = added.length[i]
        marks.count += 1
    return True

cdef bint append_damage(Damage *damage, Damage *added) noexcept nogil:
    """Damage behind other."""
    cdef size_t i
    for i in range(added.count):
        if not reserve_damage(damage):
            return False
        damage.kind[damage.count] = added.kind[i]
        damage.offset[damage.count] = added.offset[i]
        damage.length[damage.count] = added.length[i]
        damage.got[damage.count] = added.got[i]
        damage.want[damage.count] = added.want[i]
        damage.count += 1
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

cdef bint reserve_bytes(Tags *tags, size_t size, size_t *place) noexcept nogil:
    """Room in the arena; False without memory."""
    cdef size_t capacity
    if size > tags.arena_capacity - tags.arena_size:
        capacity = tags.arena_capacity + tags.arena_capacity // 2 + size + 256
        if not grow(<void **>&tags.arena, capacity, 1):
            return False
        tags.arena_capacity = capacity
    place[0] = tags.arena_size
    tags.arena_size += size
    return True

cdef bint keep_bytes(Tags *tags, Bytes data, size_t size, size_t *place) noexcept nogil:
    if not reserve_bytes(tags, size, place):
        return False
    if size:
        memcpy(tags.arena + place[0], data, size)
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
    entry.shape = -1
    slot = hashed & (tags.slot_count - 1)
    while tags.slots[slot] >= 0:
        slot = (slot + 1) & (tags.slot_count - 1)
    tags.slots[slot] = <int32_t>tags.count
    tags.count += 1
    return <int32_t>(tags.count - 1)

cdef int32_t intern_tag(Tags *tags, Bytes name, size_t size, int32_t likely,
                        uint64_t seed) noexcept nogil:
    """The id of a tag, -1 without memory; `likely` is tried first, unless it is -1."""
    cdef int32_t tag_id
    cdef uint64_t hashed
    cdef size_t slot
    if likely >= 0 and same_name(tags, likely, name, size):
        return likely
    hashed = hash_name(name, size, seed)
    if tags.slot_count:
        slot = hashed & (tags.slot_count - 1)
        while tags.slots[slot] >= 0:
            tag_id = tags.slots[slot]
            if tags.entries[tag_id].hash == hashed and same_name(tags, tag_id, name, size):
                return tag_id
            slot = (slot + 1) & (tags.slot_count - 1)
    return add_tag(tags, name, size, hashed)

cdef inline bint is_shape(Shape *shape, Shape *wanted) noexcept nogil:
    return (shape.tag_id == wanted.tag_id and shape.kind == wanted.kind
            and shape.dtype == wanted.dtype and shape.length == wanted.length
            and shape.gap == wanted.gap)

cdef int32_t known_shape(Shapes *shapes, Tags *tags, Shape *wanted, int32_t likely) noexcept nogil:
    """The number of a shape; -1 for one that is new."""
    cdef int32_t shape
    if likely >= 0 and is_shape(&shapes.entries[likely], wanted):
        return likely
    shape = tags.entries[wanted.tag_id].shape
    while shape >= 0 and not is_shape(&shapes.entries[shape], wanted):
        shape = shapes.entries[shape].older
    return shape

cdef int32_t add_shape(Shapes *shapes, Tags *tags, Shape *wanted) noexcept nogil:
    """The number of a new shape; -1 without memory."""
    cdef size_t capacity
    cdef TagEntry *tag = &tags.entries[wanted.tag_id]
    cdef Shape *shape
    if shapes.count >= 0x7FFFFFFF:
        return -1
    if shapes.count == shapes.capacity:
        capacity = shapes.capacity + shapes.capacity // 2 + 16
        if not grow(<void **>&shapes.entries, capacity, sizeof(Shape)):
            return -1
        shapes.capacity = capacity
    shape = &shapes.entries[shapes.count]
    shape[0] = wanted[0]
    shape.older = tag.shape
    shape.next = shape.layout = -1
    tag.shape = <int32_t>shapes.count
    tag.shape_count += shape.gap >= 0
    shapes.count += 1
    return tag.shape

cdef Layout *layout_of(Layouts *layouts, Shape *shape) noexcept nogil:
    """How the records of a shape are laid out, to be told; NULL without memory."""
    cdef size_t capacity
    if shape.layout < 0:
        if layouts.count == layouts.capacity:
            capacity = layouts.capacity + layouts.capacity // 2 + 16
            if not grow(<void **>&layouts.entries, capacity, sizeof(Layout)):
                return NULL
            layouts.capacity = capacity
        shape.layout = <int32_t>layouts.count
        memset(&layouts.entries[layouts.count], 0, sizeof(Layout))
        layouts.count += 1
    return &layouts.entries[shape.layout]
