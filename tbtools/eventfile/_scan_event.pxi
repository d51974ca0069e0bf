"""One Event message, read into structs; part of `_scan.pyx`."""

cdef struct Value:
    uint32_t kind
    Bytes tag
    size_t tag_size
    double number
    Bytes number_at          # where it stands, if as a float or a double; else NULL
    Bytes tensor
    Bytes tensor_end
    Bytes plugin
    size_t plugin_size

cdef struct Event:
    double wall_time
    Bytes wall_time_at       # where it stands; NULL where it is left out
    int64_t step
    Bytes step_at
    Bytes step_end
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
            value.number_at = p
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
            event.wall_time_at = p
            p += 8
        elif number == 2 and wire_type == VARINT:
            event.step_at = p
            p = read_varint(p, end, 10, &raw)
            event.step = <int64_t>raw
            event.step_end = p
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
