# cython: boundscheck=False, wraparound=False, cdivision=True
"""The first look at a series, compiled; `_screen_python` says what each function does.

Each condition here is one that its detector asks too, or a weaker one: what is sorted out, the
detector finds nothing in. Where a sum is rounded in another order than NumPy's, the condition is
weaker by `SLACK`.
"""

from libc.math cimport isfinite
from libc.stdint cimport int8_t, int64_t
from libc.stdlib cimport free, malloc

from tbtools.analysis.detect import judged
from tbtools.analysis.detect.signals import robust

cdef double SLACK = 1e-9
cdef double TINY = robust.TINY
cdef double LOG_RANGE = judged.LOG_RANGE
cdef double HUGE = judged.HUGE
cdef double REPEATED = judged.REPEATED
cdef Py_ssize_t LEAST_MEMORY = judged.MEMORIES[0]

include "_robust.pxi"
include "_screen_rises.pxi"
include "_screen_spikes.pxi"
include "_screen_plateaus.pxi"

assert (SAMPLE, ENOUGH_DIFFERENCES) == (robust.SAMPLE, robust.ENOUGH_DIFFERENCES)
assert MAD_TO_SIGMA == robust.MAD_TO_SIGMA

cdef enum:
    RISE = 1
    SWING = 2
    SPIKE = 4
    REST = 8
    NOT_LOOKED_AT = 16
    NO_NUMBER = 32
RISES, SWINGS, SPIKES, RESTS, UNUSUAL, NOT_FINITE = (
    RISE, SWING, SPIKE, REST, NOT_LOOKED_AT, NO_NUMBER
)


cdef double *working_space(const int64_t[::1] ends) except NULL:
    """Room for what the functions below make of the longest series."""
    cdef Py_ssize_t i, begin = 0, longest = 0
    for i in range(ends.shape[0]):
        longest, begin = max(longest, ends[i] - begin), ends[i]
    cdef double *work = <double *>malloc(
        (2 * longest + 2 * ENOUGH_DIFFERENCES + 8 * LEVELS) * sizeof(double)
    )
    if work == NULL:
        raise MemoryError
    return work


cdef struct Measure:
    bint finite
    Py_ssize_t repeated
    double low
    double high


cdef Measure measured(const double *value, Py_ssize_t n) noexcept nogil:
    """As `_screen_python._measure`."""
    cdef Measure seen
    cdef Py_ssize_t i
    seen.finite, seen.repeated, seen.low, seen.high = True, 0, 0.0, 0.0
    if n > 0:
        seen.low = seen.high = value[0]
    for i in range(n):
        if not isfinite(value[i]):
            seen.finite, seen.repeated, seen.low, seen.high = False, 0, 0.0, 0.0
            break
        seen.low, seen.high = smaller(seen.low, value[i]), larger(seen.high, value[i])
        seen.repeated += i > 0 and value[i] == value[i - 1]
    return seen


def first_look(
    const double[::1] value, const int64_t[::1] ends, const int8_t[::1] way, Py_ssize_t least
):
    """What series may have, before they are made fit: see `_screen_python.first_look`."""
    cdef double *work = working_space(ends)
    cdef Py_ssize_t i, begin = 0
    cdef Measure seen
    cdef int flags
    found, measures = [], []
    for i in range(ends.shape[0]):
        with nogil:
            seen = measured(&value[begin], ends[i] - begin)
            flags = seen_in(&value[begin], ends[i] - begin, seen, way[i], least, work)
        found.append(flags)
        if flags & NOT_LOOKED_AT:
            measures.append((seen.finite, seen.repeated, seen.low, seen.high))
        begin = ends[i]
    free(work)
    return found, measures


cdef int seen_in(
    const double *value, Py_ssize_t n, Measure seen, int way, Py_ssize_t least, double *work
) noexcept nogil:
    cdef Py_ssize_t i
    if not seen.finite:
        return NOT_LOOKED_AT | NO_NUMBER
    if way == 0 or n < least or not is_as_it_is(value, n, way, seen):
        return NOT_LOOKED_AT
    if way > 0:
        return may_have(value, n, -1.0, work)
    for i in range(n):
        work[i] = -value[i]
    return may_have(work, n, -1.0, work + n)


cdef bint is_as_it_is(const double *value, Py_ssize_t n, int way, Measure seen) noexcept nogil:
    """Whether `judged.Judged` would take its points as they are, but for their sign."""
    if seen.repeated >= REPEATED * (n - 1) or larger(-seen.low, seen.high) > HUGE:
        return False
    if way < 0:
        return True
    if value[n - 1] == 0 or (0 < seen.low and seen.low < seen.high / LOG_RANGE):
        return False
    # What does not begin with zeros, nor as an average does.
    return value[0] != 0 and not (
        n >= LEAST_MEMORY
        and 1.3 * value[0] < value[1] and value[1] < value[2] and value[2] < 5 * value[0]
    )


def look(const double[::1] y, const int64_t[::1] ends, noise):
    """What series may have: see `_screen_python.look`."""
    cdef double *work = working_space(ends)
    cdef Py_ssize_t i, begin = 0
    cdef double noise_of_one
    cdef int flags
    found = []
    for i in range(ends.shape[0]):
        noise_of_one = noise[i]
        with nogil:
            flags = may_have(&y[begin], ends[i] - begin, noise_of_one, work)
        found.append(flags)
        begin = ends[i]
    free(work)
    return found


cdef int may_have(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef double noise_of_own = noise_of_points(y, n, work)
    cdef int found = 0
    if noise < 0:
        noise = noise_of_own
    if may_rise(y, n, noise, work):
        found |= RISE
    if may_swing(y, n, noise, work) or may_have_crests(y, n, work):
        found |= SWING
    if may_spike(y, n, noise_of_own, work):
        found |= SPIKE
    if may_rest(y, n, work):
        found |= REST
    return found


def measure(const double[::1] value, const int64_t[::1] ends):
    """What tells how series are made fit: see `_screen_python.measure`."""
    cdef Py_ssize_t i, begin = 0
    cdef Measure seen
    found = []
    for i in range(ends.shape[0]):
        seen = measured(&value[begin], ends[i] - begin)
        found.append((seen.finite, seen.repeated, seen.low, seen.high))
        begin = ends[i]
    return found
