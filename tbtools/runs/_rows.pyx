# cython: boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, freethreading_compatible=True
"""The loops over the rows of a run, compiled; `_rows_python` is the same with NumPy.

Runs are many and mostly small: NumPy takes longer to begin a hundred operations than these loops
take for the rows of a run. Both give the same bits.
"""

from libc.math cimport INFINITY, NAN, isfinite
from libc.stdint cimport (
    INT64_MAX, INT64_MIN, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
)

import numpy as np

ctypedef fused Number:
    uint8_t
    uint16_t
    uint32_t
    int32_t
    int64_t

ctypedef fused Value:
    float
    double

ctypedef fused Stored:
    int64_t
    float
    double

ctypedef fused Row:
    int32_t
    int64_t

cdef enum:
    BLOCK = 512  # rows of each series that are taken in turn, so that what is read stays in the cache
    NONE_YET = -1
    ONE_YET = -2

cdef packed struct Numbers:
    int64_t count, first_step, last_step
    double first_time, last_time
    uint8_t dtype
    double first, last, min
    int64_t min_step
    double max
    int64_t max_step, nonfinite


def stable_order(const Number[::1] numbers, Py_ssize_t count, const int32_t[::1] rank=None,
                 const int64_t[::1] rows=None):
    """Rows by their numbers, those of one number as they stood; see `_rows_python.stable_order`."""
    cdef Py_ssize_t size = numbers.shape[0] if rows is None else rows.shape[0]
    cdef Py_ssize_t i, row, known = count if rank is None else rank.shape[0]
    cdef int64_t number, before = 0, here = 0, last = INT64_MIN
    cdef bint sound = True
    order = np.empty(size, np.int64)
    ends = np.zeros(count, np.int64)
    cdef int64_t[::1] ordered = order, place = ends
    with nogil:
        # Where rows of one number follow one another, its place stays in a register. No number that
        # is within bounds is INT64_MIN, which stands for none yet.
        for i in range(size):
            row = i if rows is None else rows[i]
            if not 0 <= row < numbers.shape[0] or not 0 <= <int64_t>numbers[row] < known:
                sound = False
                break
            number = numbers[row] if rank is None else rank[numbers[row]]
            if number != last:
                if not 0 <= number < count:
                    sound = False
                    break
                if last != INT64_MIN:
                    place[last] = here
                last, here = number, place[number]
            here += 1
        if sound and last != INT64_MIN:
            place[last] = here
        if sound:
            for i in range(count):
                here = place[i]
                place[i] = before
                before += here
            last = INT64_MIN
            for i in range(size):
                row = i if rows is None else rows[i]
                number = numbers[row] if rank is None else rank[numbers[row]]
                if number != last:
                    if last != INT64_MIN:
                        place[last] = here
                    last, here = number, place[number]
                ordered[here] = row
                here += 1
            if last != INT64_MIN:
                place[last] = here
    if not sound:
        raise IndexError("a row or a number is out of bounds")
    return order, ends


def spaced_series(const int64_t[::1] rows, const int64_t[::1] ends):
    """First row and spacing of each series; see `_rows_python.spaced_series`."""
    cdef Py_ssize_t i, j, first = 0, end
    cdef int64_t spacing
    cdef bint sound = True, even = True
    found = np.zeros((ends.shape[0], 2), np.int64)
    cdef int64_t[:, ::1] spaced = found
    with nogil:
        for i in range(ends.shape[0]):
            end = ends[i]
            if not first <= end <= rows.shape[0]:
                sound = False
                break
            if end > first:
                spaced[i, 0] = rows[first]
            if end > first + 1:
                spacing = spaced[i, 1] = rows[first + 1] - rows[first]
                for j in range(first + 2, end):
                    if rows[j] - rows[j - 1] != spacing:
                        even = False
                        break
            if not even:
                break
            first = end
    if not sound:
        raise IndexError("a series is out of bounds")
    return found if even else None


def evenly_spaced(const Number[::1] numbers, Py_ssize_t count, const int32_t[::1] rank):
    """The rows of all series, where each is spaced evenly; see `_rows_python.evenly_spaced`."""
    cdef Py_ssize_t i, size = numbers.shape[0], known = rank.shape[0]
    cdef int64_t end = 0
    cdef int32_t number
    cdef bint sound = True, even = True
    found = np.zeros((count, 2), np.int64)
    ends = np.full(count, NONE_YET, np.int64)
    cdef int64_t[:, ::1] spaced = found
    cdef int64_t[::1] next = ends
    if count == 1 and not np.any(rank):
        found[0, 1] = size > 1
        return found, np.array([size], np.int64)
    with nogil:
        for i in range(size):
            if not (0 <= <int64_t>numbers[i] < known and 0 <= rank[numbers[i]] < count):
                sound = False
                break
            number = rank[numbers[i]]
            if next[number] == i:
                next[number] += spaced[number, 1]
            elif next[number] == NONE_YET:
                spaced[number, 0] = i
                next[number] = ONE_YET
            elif next[number] == ONE_YET:
                spaced[number, 1] = i - spaced[number, 0]
                next[number] = i + spaced[number, 1]
            else:
                even = False
                break
        for i in range(count if sound and even else 0):
            if next[i] == ONE_YET:
                end += 1
            elif next[i] != NONE_YET:
                end += (next[i] - spaced[i, 0]) // spaced[i, 1]
            next[i] = end
    if not sound:
        raise IndexError("a row or a number is out of bounds")
    return (found, ends) if even else None


def spaced_rows(const int64_t[:, ::1] spaced, const int64_t[::1] ends):
    """The rows of series that are spaced evenly; see `_rows_python.spaced_rows`."""
    cdef Py_ssize_t i, j, first = 0, count = ends.shape[0], size = ends[count - 1] if count else 0
    cdef bint sound = spaced.shape[0] == count and (count == 0 or spaced.shape[1] == 2)
    found = np.empty(max(size, 0), np.int64)
    cdef int64_t[::1] rows = found
    with nogil:
        for i in range(count if sound else 0):
            if not first <= ends[i] <= size:
                sound = False
                break
            for j in range(first, ends[i]):
                rows[j] = spaced[i, 0] + (j - first) * spaced[i, 1]
            first = ends[i]
    if not sound:
        raise IndexError("a series is out of bounds")
    return found


def take_spaced(const Stored[::1] column, const int64_t[:, ::1] spaced, const int64_t[::1] ends,
                taken):
    """The rows of a column that are spaced evenly; see `_rows_python.take_spaced`."""
    cdef int64_t[::1] integers
    cdef double[::1] numbers
    cdef Py_ssize_t i, j, start, first, row, longest = 0, count = ends.shape[0]
    cdef Py_ssize_t size = ends[count - 1] if count else 0
    cdef bint sound = spaced.shape[0] == count and (count == 0 or spaced.shape[1] == 2)
    if Stored is int64_t:
        integers = taken
        sound = sound and integers.shape[0] == size
    else:
        numbers = taken
        sound = sound and numbers.shape[0] == size
    with nogil:
        first = 0
        for i in range(count if sound else 0):
            if not (first <= ends[i] <= size
                    and (first == ends[i] or is_within(spaced[i, 0], spaced[i, 1],
                                                       ends[i] - first, column.shape[0]))):
                sound = False
                break
            longest = max(longest, ends[i] - first)
            first = ends[i]
        start = 0
        while sound and start < longest:
            first = 0
            for i in range(count):
                row = spaced[i, 0] + start * spaced[i, 1]
                for j in range(first + start, min(first + start + BLOCK, ends[i])):
                    if Stored is int64_t:
                        integers[j] = column[row]
                    else:
                        numbers[j] = column[row]
                    row += spaced[i, 1]
                first = ends[i]
            start += BLOCK
    if not sound:
        raise IndexError("a series is out of bounds")


cdef inline bint is_within(int64_t first, int64_t spacing, int64_t count, int64_t rows) noexcept nogil:
    """Whether so many rows are there, of which a few are more than none."""
    return (0 <= first < rows and -rows <= spacing <= rows
            and (count == 1 or spacing == 0 or (count <= rows
                 and 0 <= first + (count - 1) * spacing < rows)))


def take_rows(const Stored[::1] column, const Row[::1] rows, taken):
    """Rows of a column; see `_rows_python.take_rows`."""
    cdef int64_t[::1] integers
    cdef double[::1] numbers
    cdef Py_ssize_t i
    cdef bint sound
    if Stored is int64_t:
        integers = taken
        sound = integers.shape[0] == rows.shape[0]
    else:
        numbers = taken
        sound = numbers.shape[0] == rows.shape[0]
    with nogil:
        for i in range(rows.shape[0] if sound else 0):
            if not 0 <= rows[i] < column.shape[0]:
                sound = False
                break
            if Stored is int64_t:
                integers[i] = column[rows[i]]
            else:
                numbers[i] = column[rows[i]]
    if not sound:
        raise IndexError("a row is out of bounds")


def falls(const Stored[::1] numbers, Stored by):
    """Where numbers fall by more than so much; see `_rows_python.falls`."""
    cdef Py_ssize_t i, count = 0
    with nogil:
        for i in range(1, numbers.shape[0]):
            count += numbers[i] < numbers[i - 1] - by
    found = np.empty(count, np.int64)
    cdef int64_t[::1] places = found
    if count:
        count = 0
        with nogil:
            for i in range(1, numbers.shape[0]):
                if numbers[i] < numbers[i - 1] - by:
                    places[count] = i
                    count += 1
    return found


def falls_by_tag(const Stored[::1] numbers, Stored by, const int32_t[::1] shape,
                 const int32_t[::1] tag_of_shape, Py_ssize_t tags, const int64_t[::1] first_rows):
    """Where numbers of a tag fall inside a session; see `_rows_python.falls_by_tag`."""
    cdef Py_ssize_t i, count = 0, session = 0, next_session
    cdef int64_t before, here = NONE_YET, began = 0
    cdef int32_t tag = NONE_YET
    cdef bint sound = numbers.shape[0] == shape.shape[0]
    found = np.empty((2, 16), np.int64)
    cdef int64_t[:, ::1] places = found
    last_rows = np.full(tags, NONE_YET, np.int64)
    cdef int64_t[::1] last = last_rows
    next_session = first_rows[0] if first_rows.shape[0] else numbers.shape[0]
    for i in range(numbers.shape[0] if sound else 0):
        while next_session <= i:
            began = next_session
            session += 1
            next_session = (first_rows[session] if session < first_rows.shape[0]
                            else numbers.shape[0])
        # Where rows of one tag follow one another, its last one stays in a register.
        if i == 0 or shape[i] != shape[i - 1]:
            if not (0 <= shape[i] < tag_of_shape.shape[0] and 0 <= tag_of_shape[shape[i]] < tags):
                sound = False
                break
            if i:
                last[tag] = here
            tag = tag_of_shape[shape[i]]
            here = last[tag]
        if Stored is not int64_t and not isfinite(numbers[i]):
            continue
        before = here
        here = i
        if before >= began and numbers[i] < numbers[before] - by:
            if count == places.shape[1]:
                found = np.concatenate([found, np.empty_like(found)], axis=1)
                places = found
            places[0, count] = before
            places[1, count] = i
            count += 1
    if not sound:
        raise IndexError("a shape or a tag is out of bounds")
    return found[:, :count]


def counts(const int32_t[::1] numbers, Py_ssize_t count, const int32_t[::1] rank,
           const uint8_t[::1] chosen):
    """How many rows there are of each number; see `_rows_python.counts`."""
    cdef Py_ssize_t i, size = numbers.shape[0]
    cdef Py_ssize_t known = rank.shape[0]
    cdef int32_t number
    cdef bint sound = chosen.shape[0] == size
    # Four sums of each: where rows of one number follow one another, each waits for the last one.
    cdef int64_t[::1] sums = np.zeros(4 * known, np.int64)
    found = np.zeros(count, np.int64)
    cdef int64_t[::1] many = found
    with nogil:
        for i in range(size if sound else 0):
            number = numbers[i]
            if not 0 <= number < known:
                sound = False
                break
            sums[4 * <Py_ssize_t>number + (i & 3)] += chosen[i] != 0
        for i in range(4 * known if sound else 0):
            if sums[i] and not 0 <= rank[i >> 2] < count:
                sound = False
                break
            if sums[i]:
                many[rank[i >> 2]] += sums[i]
    if not sound:
        raise IndexError("a row or a number is out of bounds")
    return found


def reach(const int64_t[::1] step, const int32_t[::1] shape, const int32_t[::1] tag_of_shape,
          Py_ssize_t tags, const int64_t[::1] rows):
    """The lowest and the highest step of each tag; see `_rows_python.reach`."""
    cdef Py_ssize_t i
    cdef int64_t row
    cdef int32_t tag
    cdef bint sound = step.shape[0] == shape.shape[0]
    lowest, highest = np.full(tags, INT64_MAX, np.int64), np.full(tags, INT64_MIN, np.int64)
    cdef int64_t[::1] low = lowest, high = highest
    with nogil:
        for i in range(rows.shape[0] if sound else 0):
            row = rows[i]
            if not (0 <= row < step.shape[0] and 0 <= shape[row] < tag_of_shape.shape[0]
                    and 0 <= tag_of_shape[shape[row]] < tags):
                sound = False
                break
            tag = tag_of_shape[shape[row]]
            low[tag] = min(low[tag], step[row])
            high[tag] = max(high[tag], step[row])
    if not sound:
        raise IndexError("a row, a shape or a tag is out of bounds")
    return lowest, highest


def course(const int64_t[::1] step, const int64_t[::1] rows):
    """How the steps of some rows go on; see `_rows_python.course`."""
    cdef Py_ssize_t i, changes = 0
    cdef int64_t low = INT64_MAX, high = INT64_MIN, least = INT64_MAX, here, before = 0, change
    cdef bint sound = rows.shape[0] > 0
    with nogil:
        for i in range(rows.shape[0]):
            if not 0 <= rows[i] < step.shape[0]:
                sound = False
                break
            here = step[rows[i]]
            low, high = min(low, here), max(high, here)
            if i:
                change = <int64_t>(<uint64_t>here - <uint64_t>before)  # which wraps
                least = min(least, change)
                changes += change != 0
            before = here
    if not sound:
        raise IndexError("there is no row, or one is out of bounds")
    return low, high, least if rows.shape[0] > 1 else 0, changes


def holding(const int64_t[::1] starts, const int64_t[::1] places):
    """Which stretches places lie in; see `_rows_python.holding`."""
    cdef Py_ssize_t i, here = -1
    cdef bint sound = True
    found = np.empty(places.shape[0], np.int64)
    cdef int64_t[::1] stretch = found
    with nogil:
        for i in range(places.shape[0]):
            if i and places[i] < places[i - 1]:
                sound = False
                break
            while here + 1 < starts.shape[0] and starts[here + 1] <= places[i]:
                here += 1
            stretch[i] = here
    if not sound:
        raise ValueError("the places are not in order")
    return found


def series_keys(const int32_t[::1] tag_id, const uint8_t[::1] kind, const uint8_t[::1] dtype,
                const uint8_t[::1] slot_of_kind, const uint8_t[::1] declared, int slots,
                int by_metadata, int scalars):
    """Tag and plugin of each shape of rows as one number; see `_rows_python.series_keys`."""
    cdef Py_ssize_t i, size = tag_id.shape[0], tags = declared.shape[0]
    cdef int32_t tag
    cdef uint8_t slot
    cdef bint sound = kind.shape[0] == size == dtype.shape[0] and slot_of_kind.shape[0] == 256
    keys = np.empty(size, np.int32)
    is_there = np.zeros(tags * slots, np.uint8)
    cdef int32_t[::1] key = keys
    cdef uint8_t[::1] there = is_there
    with nogil:
        for i in range(size if sound else 0):
            tag = tag_id[i]
            slot = slot_of_kind[kind[i]]
            if not 0 <= tag < tags:
                sound = False
                break
            if slot == by_metadata:
                slot = declared[tag]
                if slot == scalars and dtype[i] == 0:
                    slot = 0
            if slot >= slots:
                sound = False
                break
            key[i] = tag * slots + slot
            there[key[i]] = 1
    if not sound:
        raise IndexError("a tag or a plugin is out of bounds")
    return keys, np.flatnonzero(is_there)


cdef inline void measure_values(Numbers *numbers, const int64_t[::1] order, Py_ssize_t first,
                                Py_ssize_t end, const int64_t[::1] step, const Value[::1] value,
                                const int32_t[::1] shape, const uint8_t[::1] dtype,
                                uint8_t mixed) noexcept nogil:
    cdef Py_ssize_t i
    cdef int64_t row
    cdef double number
    numbers.dtype = dtype[shape[order[first]]]
    numbers.first = value[order[first]]
    numbers.last = value[order[end - 1]]
    numbers.min, numbers.max = INFINITY, -INFINITY
    for i in range(first, end):
        row = order[i]
        number = value[row]
        if dtype[shape[row]] != dtype[shape[order[first]]]:
            numbers.dtype = mixed
        if not isfinite(number):
            numbers.nonfinite += 1
            continue
        if number < numbers.min:
            numbers.min, numbers.min_step = number, step[row]
        if number > numbers.max:
            numbers.max, numbers.max_step = number, step[row]


def measure(const int64_t[::1] order, const int64_t[::1] firsts, const int64_t[::1] ends,
            const uint8_t[::1] is_scalar, const int64_t[::1] step, const double[::1] wall_time,
            const Value[::1] value, const int32_t[::1] shape, const uint8_t[::1] dtype,
            uint8_t mixed, Numbers[::1] found):
    """The numbers of series; see `_rows_python.measure`."""
    cdef Py_ssize_t i, j, count = firsts.shape[0], rows = step.shape[0]
    cdef Py_ssize_t first, end
    cdef int64_t here
    cdef bint sound = (count == ends.shape[0] == is_scalar.shape[0] == found.shape[0]
                       and rows == wall_time.shape[0] == value.shape[0] == shape.shape[0])
    with nogil:
        for i in range(order.shape[0]):
            if not (0 <= order[i] < rows and 0 <= shape[order[i]] < dtype.shape[0]):
                sound = False
                break
        for i in range(count if sound else 0):
            first, end = firsts[i], ends[i]
            if not 0 <= first < end <= order.shape[0]:
                sound = False
                break
            found[i].count = end - first
            found[i].first_step = found[i].last_step = step[order[first]]
            for j in range(first, end):
                here = step[order[j]]
                if here < found[i].first_step:
                    found[i].first_step = here
                if here > found[i].last_step:
                    found[i].last_step = here
            found[i].first_time = wall_time[order[first]]
            found[i].last_time = wall_time[order[end - 1]]
            if is_scalar[i]:
                measure_values(&found[i], order, first, end, step, value, shape, dtype, mixed)
    if not sound:
        raise IndexError("a row or a series is out of bounds")


def stretch_means(const Value[::1] value, const int64_t[::1] firsts, const int64_t[::1] ends,
                  double[:, ::1] means, const int64_t[::1] order=None):
    """Means of stretches of equally many points; see `_rows_python.stretch_means`."""
    cdef Py_ssize_t i, j, bin, bins, first, size, many
    cdef int64_t row
    cdef double total
    cdef Py_ssize_t rows = value.shape[0] if order is None else order.shape[0]
    cdef bint sound = firsts.shape[0] == ends.shape[0] == means.shape[0]
    with nogil:
        for i in range(firsts.shape[0] if sound else 0):
            first, size = firsts[i], ends[i] - firsts[i]
            if not 0 <= first <= ends[i] <= rows:
                sound = False
                break
            bins = min(size, means.shape[1])
            for bin in range(means.shape[1]):
                total, many = 0.0, 0
                for j in range(first + bin * size // bins if bin < bins else 0,
                               first + (bin + 1) * size // bins if bin < bins else 0):
                    row = j if order is None else order[j]
                    if not 0 <= row < value.shape[0]:
                        sound = False
                        break
                    if isfinite(value[row]):
                        total += value[row]
                        many += 1
                means[i, bin] = total / many if many and isfinite(total / many) else NAN
    if not sound:
        raise IndexError("a row or a series is out of bounds")
