"""The number that a TensorProto of one element holds; part of `_scan.pyx`."""

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

cdef struct Tensor:
    int32_t dtype
    bint one_element
    uint64_t unknown_rank
    Bytes content
    size_t content_size
    # How many values stand in the *_val field that belongs to the dtype, and the last of them.
    size_t values
    double value
    Bytes value_at           # where it stands, if as a float or a double; else NULL

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
    cdef Bytes value_at = p
    if wire_type == VARINT:
        value_at = NULL
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
        tensor.value_at = value_at
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
        if tensor.dtype == DT_FLOAT or tensor.dtype == DT_DOUBLE:
            tensor.value_at = tensor.content
        return True
    # TensorFlow leaves out values that are all zero.
    return tensor.values <= 1
