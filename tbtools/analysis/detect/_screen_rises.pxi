"""The first look at a series for a rise that lasts and for an oscillation that grows."""

from libc.math cimport fabs, log, sqrt

from tbtools.analysis.detect.signals import excursion, jump, oscillation

cdef enum:
    VIEW = 128
assert excursion.VIEW == VIEW <= LEVELS

cdef Py_ssize_t BEFORE = excursion.BEFORE
cdef Py_ssize_t PERSISTENT = excursion.PERSISTENT
cdef double ROUNDING = excursion.TINY
# The least that is asked for, of a validation series.
cdef double CONFIDENCE = excursion.LEAST_CONFIDENCE
# Of few points less is asked: see `jump`.
cdef Py_ssize_t FEW_POINTS = jump.MOST
cdef double BETWEEN = jump.BETWEEN
cdef double GROWTH = oscillation.LEAST
cdef Py_ssize_t BLOCKS = oscillation.BLOCKS
cdef Py_ssize_t LEAST_IN_BLOCK = oscillation.LEAST_POINTS
cdef Py_ssize_t LEAST_BLOCKS = oscillation.LEAST_BLOCKS


cdef double largest_gap(
    const double *level, Py_ssize_t n, double *base, double *work
) noexcept nogil:
    """The largest gap of `excursion.gaps_of` and the best level before it."""
    cdef double *after = work + LEVELS
    cdef double gap = -1e300, before
    cdef Py_ssize_t i
    smooth_3(level, n, work)
    after[n - 1] = work[n - 1]
    for i in range(n - 2, -1, -1):
        after[i] = smaller(after[i + 1], work[i])
    before = smaller(work[0], work[1])
    for i in range(BEFORE, n - PERSISTENT + 1):
        before = smaller(before, work[i - 1])
        if after[i] - before > gap:
            gap, base[0] = after[i] - before, before
    return gap


cdef bint may_rise(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef Py_ssize_t width = 1, count
    cdef double base = 0.0, gap, least
    cdef double confidence = BETWEEN if n <= FEW_POINTS else CONFIDENCE
    while n // width >= (BEFORE + PERSISTENT if width == 1 else 16):
        count = window_medians(y, n, width, VIEW, work, work + 3 * LEVELS)
        gap = largest_gap(work, count, &base, work + LEVELS)
        least = noise * larger(1.0, confidence / sqrt(width))
        if gap > larger(least * (1 - SLACK), ROUNDING * fabs(base)):
            return True
        width *= 2
    return False


cdef bint may_swing(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef Py_ssize_t width = max(LEAST_IN_BLOCK, n // BLOCKS), every, stride, blocks, i, j, some
    cdef double mean, distance, level, highest = 0.0, base = 0.0
    cdef double *spread = work
    cdef double *rest = work + LEVELS
    cdef const double *block
    if n < LEAST_BLOCKS * width:
        return False
    every = width // 2
    stride = max(1, every // SAMPLE) | 1
    blocks = n // every - 1
    for i in range(n):
        highest = larger(highest, fabs(y[i]))
    for i in range(blocks):
        block = y + n % every + i * every
        mean, distance = 0.0, 0.0
        some = taken(block, 2 * every, stride, rest)
        for j in range(some):
            mean += rest[j]
        mean /= some
        for j in range(some):
            distance += fabs(rest[j] - mean)
        level = distance / some + 0.1 * noise
        if level <= SLACK * highest:
            return True  # nothing but the rounding of sums
        spread[i] = log(level + TINY)
    width = 1
    while blocks // width >= (BEFORE + PERSISTENT if width == 1 else 16):
        some = window_medians(spread, blocks, width, VIEW, rest, rest + 3 * LEVELS)
        if largest_gap(rest, some, &base, rest + LEVELS) >= GROWTH - SLACK:
            return True
        width *= 2
    return False
