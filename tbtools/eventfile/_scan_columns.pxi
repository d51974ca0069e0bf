"""What the records of a file say, in columns; part of `_scan.pyx`."""

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


cdef class Collector:
    """Takes in one event after the other."""

    cdef Rows rows
    cdef Marks marks
    cdef Tags tags
    cdef Places places
    cdef Shapes shapes
    cdef Layouts layouts
    cdef int32_t last_shape     # of the last row; -1 before the first
    cdef int64_t last_end       # of its Value
    cdef int64_t last_record_end
    cdef Bytes number_at        # where its number stood, if others may stand there
    cdef int64_t start
    cdef int64_t position       # the record, or the damaged stretch, at which the scan stands
    cdef int64_t record_end     # of the record that is being read
    cdef int64_t size
    cdef uint64_t seed
    cdef uint8_t version[VERSION_BYTES]
    cdef int version_size       # -1 until a file_version has been seen

    def __dealloc__(self):
        free(self.rows.shape)
        free(self.rows.step)
        free(self.rows.wall_time)
        free(self.rows.number)
        free(self.places.row)
        free(self.places.offset)
        free(self.places.length)
        free(self.shapes.entries)
        free(self.layouts.entries)
        free(self.marks.kind)
        free(self.marks.status)
        free(self.marks.step)
        free(self.marks.wall_time)
        free(self.marks.row)
        free(self.marks.offset)
        free(self.marks.length)
        free(self.tags.entries)
        free(self.tags.slots)
        free(self.tags.arena)

    cdef size_t expected_rows(self, int64_t here) noexcept nogil:
        """How many there will be if they lie in the rest of the file as densely as until `here`,
        but not denser than a record each."""
        cdef double density = min(<double>self.rows.count / max(here - self.start, <int64_t>1),
                                  1.0 / SMALLEST)
        return self.rows.count + <size_t>(1.05 * density * (self.size - here))

    cdef bint learn(self, Bytes record, int64_t length, Event *event) noexcept nogil:
        """Keeps how a record of one number is laid out, if others can be told by it; False without
        memory. Not the first one of a shape: there may be no others."""
        cdef Bytes data = record + HEADER
        cdef Shape *shape = &self.shapes.entries[self.last_shape]
        cdef Layout *layout
        cdef int64_t step_size = event.step_end - event.step_at if event.step_at != NULL else 0
        cdef int64_t value_start = self.last_end - shape.length
        cdef size_t size
        if (self.number_at == NULL or shape.gap < 0 or not 16 <= length <= MOST_LAID_OUT
                or event.wall_time_at != data + 1
                or (step_size and event.step_at != data + STEP_AT) or step_size > LONGEST_STEP):
            return True
        layout = layout_of(&self.layouts, shape)
        if layout == NULL:
            return False
        layout.shape = self.last_shape
        layout.behind = shape.gap - (value_start - self.position)
        layout.left = <uint32_t>(self.record_end - self.last_end)
        layout.data_size = <uint32_t>length
        layout.number_at = <uint32_t>(self.number_at - data)
        layout.number_size = 8 if shape.dtype == DT_DOUBLE else 4
        layout.step_size = <uint8_t>step_size
        size = tbtools_pattern_size(layout)
        if size > layout.pattern_room:
            if not reserve_bytes(&self.tags, size, &layout.pattern):
                return False
            layout.pattern_room = size
        tbtools_complete(layout, record, self.tags.arena + layout.pattern)
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
        cdef Rows *rows = &self.rows
        cdef int32_t likely = -1
        cdef Shape wanted
        cdef Tensor tensor
        cdef uint64_t not_a_number = <uint64_t>0x7FF8000000000000
        cdef double number
        memcpy(&number, &not_a_number, 8)
        if value.kind == 0 and value.tag_size == 0:
            return True  # says nothing about nothing
        if self.last_shape >= 0:
            likely = self.shapes.entries[self.last_shape].next
        memset(&wanted, 0, sizeof(Shape))
        wanted.tag_id = intern_tag(&self.tags, value.tag, value.tag_size,
                                   self.shapes.entries[likely].tag_id if likely >= 0 else -1,
                                   self.seed)
        if wanted.tag_id < 0:
            return False
        if rows.count == rows.capacity and not grow_rows(rows, self.expected_rows(offset)):
            return False
        if value.plugin_size and self.tags.entries[wanted.tag_id].metadata_offset < 0:
            if not self.declare_plugin(wanted.tag_id, value, offset, length):
                return False
        wanted.kind = <uint8_t>value.kind
        self.number_at = NULL
        if value.kind == 2:
            wanted.dtype = DT_FLOAT
            number = value.number
            self.number_at = value.number_at
        elif value.kind == 8 and read_tensor(value.tensor, value.tensor_end, &tensor):
            wanted.dtype = <uint8_t>tensor.dtype
            number = tensor.value
            self.number_at = tensor.value_at
        if not put_number(rows, number) or not self.put_shape(&wanted, likely, offset, length):
            return False
        rows.step[rows.count] = event.step
        rows.wall_time[rows.count] = event.wall_time
        rows.count += 1
        self.last_end = offset + length
        self.last_record_end = self.record_end
        return True

    cdef bint put_shape(self, Shape *wanted, int32_t likely, int64_t offset,
                        uint32_t length) noexcept nogil:
        """The shape of the row that is being added, and its place where that does not tell it;
        False without memory."""
        cdef Places *places = &self.places
        cdef int32_t shape = -1
        wanted.gap = -1
        # A number in the record behind that of the row before it, or in the same one.
        if wanted.dtype and self.last_record_end >= self.position:
            wanted.gap = offset - self.last_end
            wanted.length = length
            shape = known_shape(&self.shapes, &self.tags, wanted, likely)
            if shape < 0 and self.tags.entries[wanted.tag_id].shape_count >= MOST_SHAPES:
                wanted.gap = -1
                wanted.length = 0
        if wanted.gap < 0:
            shape = known_shape(&self.shapes, &self.tags, wanted, likely)
            if not reserve_place(places):
                return False
            places.row[places.count] = self.rows.count
            places.offset[places.count] = offset
            places.length[places.count] = length
            places.count += 1
        if shape < 0:
            self.number_at = NULL
            shape = add_shape(&self.shapes, &self.tags, wanted)
            if shape < 0:
                return False
        self.rows.shape[self.rows.count] = shape
        if self.last_shape >= 0:
            self.shapes.entries[self.last_shape].next = shape
        self.last_shape = shape
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

    cdef bint append(self, Collector other) noexcept nogil:
        """Takes in what another one has found in the bytes that follow; False without memory."""
        cdef Rows *rows = &self.rows
        cdef Rows *added = &other.rows
        cdef size_t i, before = rows.count, total = before + added.count
        cdef int32_t *shapes
        if rows.wide != added.wide and not widen(added if rows.wide else rows):
            return False
        if total > rows.capacity and not resize_rows(rows, total):
            return False
        shapes = self.shapes_of(other)
        if shapes == NULL:
            return False
        for i in range(added.count):
            added.shape[i] = shapes[added.shape[i]]
        if added.count:
            self.last_shape = shapes[other.last_shape]
            self.last_end = other.last_end
            self.last_record_end = other.last_record_end
            move_rows(rows, added)
        free(shapes)
        if not (append_places(&self.places, &other.places, before)
                and append_marks(&self.marks, &other.marks, before)):
            return False
        if self.version_size < 0:
            memcpy(self.version, other.version, VERSION_BYTES)
            self.version_size = other.version_size
        self.position = other.position
        return True

    cdef int32_t *shapes_of(self, Collector other) noexcept nogil:
        """The number here of each shape of another one, whose tags and shapes are taken in, to be
        freed; NULL without memory."""
        cdef size_t i
        cdef TagEntry *theirs
        cdef TagEntry *ours
        cdef Shape wanted
        cdef int32_t *tags = <int32_t *>malloc((other.tags.count + 1) * sizeof(int32_t))
        cdef int32_t *shapes = <int32_t *>malloc((other.shapes.count + 1) * sizeof(int32_t))
        cdef bint done = tags != NULL and shapes != NULL
        for i in range(other.tags.count if done else 0):
            theirs = &other.tags.entries[i]
            tags[i] = intern_tag(&self.tags, other.tags.arena + theirs.name, theirs.name_size, -1,
                                 self.seed)
            if tags[i] < 0:
                done = False
                break
            ours = &self.tags.entries[tags[i]]
            if theirs.metadata_offset >= 0 and ours.metadata_offset < 0:
                if not keep_bytes(&self.tags, other.tags.arena + theirs.plugin,
                                  theirs.plugin_size, &ours.plugin):
                    done = False
                    break
                ours.plugin_size = theirs.plugin_size
                ours.metadata_offset = theirs.metadata_offset
                ours.metadata_length = theirs.metadata_length
        for i in range(other.shapes.count if done else 0):
            wanted = other.shapes.entries[i]
            wanted.tag_id = tags[wanted.tag_id]
            shapes[i] = known_shape(&self.shapes, &self.tags, &wanted, -1)
            if shapes[i] < 0:
                shapes[i] = add_shape(&self.shapes, &self.tags, &wanted)
            if shapes[i] < 0:
                done = False
                break
        free(tags)
        if not done:
            free(shapes)
            shapes = NULL
        return shapes

    def columns(self):
        """The columns but those of damage, as buffers; there are none afterwards."""
        cdef size_t i
        cdef TagEntry *entry
        cdef Rows *rows = &self.rows
        cdef Places *places = &self.places
        cdef Marks *marks = &self.marks
        names = []
        plugins = []
        metadata = []
        for i in range(self.tags.count):
            entry = &self.tags.entries[i]
            names.append((<char *>self.tags.arena)[entry.name:entry.name + entry.name_size])
            plugins.append((<char *>self.tags.arena)[entry.plugin:entry.plugin + entry.plugin_size])
            metadata.append((entry.metadata_offset, entry.metadata_length))
        value_count, mark_count, place_count = rows.count, marks.count, places.count
        rows.count = marks.count = places.count = 0
        rows.capacity = marks.capacity = places.capacity = 0
        return {
            "tag_names": names,
            "tag_plugins": plugins,
            "tag_metadata": metadata,
            **self.shape_columns(),
            "shape": take(<void **>&rows.shape, value_count, sizeof(int32_t)),
            "step": take(<void **>&rows.step, value_count, sizeof(int64_t)),
            "wall_time": take(<void **>&rows.wall_time, value_count, sizeof(double)),
            "number": take(&rows.number, value_count, sizeof(double) if rows.wide else sizeof(float)),
            "is_wide": bool(rows.wide),
            "place_row": take(<void **>&places.row, place_count, sizeof(int64_t)),
            "place_offset": take(<void **>&places.offset, place_count, sizeof(int64_t)),
            "place_length": take(<void **>&places.length, place_count, sizeof(uint32_t)),
            "mark_kind": take(<void **>&marks.kind, mark_count, 1),
            "mark_status": take(<void **>&marks.status, mark_count, 1),
            "mark_step": take(<void **>&marks.step, mark_count, sizeof(int64_t)),
            "mark_wall_time": take(<void **>&marks.wall_time, mark_count, sizeof(double)),
            "mark_row": take(<void **>&marks.row, mark_count, sizeof(int64_t)),
            "mark_offset": take(<void **>&marks.offset, mark_count, sizeof(int64_t)),
            "mark_length": take(<void **>&marks.length, mark_count, sizeof(int64_t)),
            "file_version": (
                (<char *>self.version)[:self.version_size] if self.version_size >= 0 else None),
        }

    def shape_columns(self):
        """What rows have in common, as buffers."""
        cdef size_t i, count = self.shapes.count
        cdef Shape *shape
        tag_id = bytearray(count * sizeof(int32_t))
        kind = bytearray(count)
        dtype = bytearray(count)
        length = bytearray(count * sizeof(uint32_t))
        gap = bytearray(count * sizeof(int64_t))
        cdef int32_t *tag_ids = <int32_t *>PyByteArray_AS_STRING(tag_id)
        cdef uint8_t *kinds = <uint8_t *>PyByteArray_AS_STRING(kind)
        cdef uint8_t *dtypes = <uint8_t *>PyByteArray_AS_STRING(dtype)
        cdef uint32_t *lengths = <uint32_t *>PyByteArray_AS_STRING(length)
        cdef int64_t *gaps = <int64_t *>PyByteArray_AS_STRING(gap)
        for i in range(count):
            shape = &self.shapes.entries[i]
            tag_ids[i] = shape.tag_id
            kinds[i] = shape.kind
            dtypes[i] = shape.dtype
            lengths[i] = shape.length
            gaps[i] = shape.gap
        return {"shape_tag_id": tag_id, "shape_kind": kind, "shape_dtype": dtype,
                "shape_length": length, "shape_gap": gap}
