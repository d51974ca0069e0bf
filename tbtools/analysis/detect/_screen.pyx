# cython: boundscheck=False, wraparound=False, cdivision=True
"""The first look at a series, compiled; `_screen_python` says what each function does.

Each condition here is one that its detector asks too, or a weaker one: what is sorted out, the
detector finds nothing in. Where a sum is rounded in another order than NumPy's, the condition is
weaker by `SLACK`.
"""

from libc.math cimport isfinite
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from tbtools.analysis.detect.signals import robust

cdef double SLACK = 1e-9
cdef double TINY = robust.TINY

include "_robust.pxi"
include "_screen_rises.pxi"
include "_screen_spikes.pxi"
include "_screen_plateaus.pxi"

assert (SAMPLE, ENOUGH_DIFFERENCES) == (robust.SAMPLE, robust.ENOUGH_DIFFERENCES)
assert MAD_TO_SIGMA == robust.MAD_TO_SIGMA

RISES, SWINGS, SPIKES, RESTS = 1, 2, 4, 8


def look(const double[::1] y, const int64_t[::1] ends, noise):
    """What series may have: see `_screen_python.look`."""
    cdef Py_ssize_t i, begin = 0, longest = 0
    cdef double noise_of_one
    cdef int flags
    for i in range(ends.shape[0]):
        longest, begin = max(longest, ends[i] - begin), ends[i]
    cdef double *work = <double *>malloc(
        (longest + 2 * ENOUGH_DIFFERENCES + 8 * LEVELS) * sizeof(double)
    )
    if work == NULL:
        raise MemoryError
    found = []
    begin = 0
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
        found |= 1
    if may_swing(y, n, noise, work):
        found |= 2
    if may_spike(y, n, noise_of_own, work):
        found |= 4
    if may_rest(y, n, work):
        found |= 8
    return found


def measure(const double[::1] value, const int64_t[::1] ends):
    """What tells how series are made fit: see `_screen_python.measure`."""
    cdef Py_ssize_t i, j, begin = 0, repeated
    cdef bint finite
    cdef double low, high
    found = []
    for j in range(ends.shape[0]):
        finite, repeated, low, high = True, 0, 0.0, 0.0
        if begin < ends[j]:
            low = high = value[begin]
        for i in range(begin, ends[j]):
            if not isfinite(value[i]):
                finite, repeated, low, high = False, 0, 0.0, 0.0
                break
            low, high = smaller(low, value[i]), larger(high, value[i])
            repeated += i > begin and value[i] == value[i - 1]
        found.append((finite, repeated, low, high))
        begin = ends[j]
    return found
