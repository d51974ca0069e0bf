"""The first look at a series for a rise that lasts and for swings that grow."""

from libc.math cimport exp, fabs, log, sqrt

from tbtools.analysis.detect.signals import contrast, crests, excursion, jump, oscillation

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
# What is asked of the means of blocks: see `contrast`.
cdef Py_ssize_t MEANS = contrast.BLOCKS
cdef double FIRST = contrast.FIRST
cdef double GROWTH = oscillation.LEAST
# Surely less than that, before the logarithm is taken.
cdef double NOT_GROWN = exp(GROWTH) * (1 - 1e-6)
cdef Py_ssize_t BLOCKS = oscillation.BLOCKS
cdef Py_ssize_t LEAST_IN_BLOCK = oscillation.LEAST_POINTS
cdef Py_ssize_t LEAST_BLOCKS = oscillation.LEAST_BLOCKS
cdef Py_ssize_t LEAST_CRESTS = crests.LEAST_CRESTS
# The least height of a crest that is asked for, as a part of the highest rise, and the largest.
cdef double LOWEST = 1.0 / max(crests.PARTS)
cdef double HIGHEST = 1.0 / min(crests.PARTS)
cdef double CREST_CLEAR = crests.CLEAR
assert crests.WINDOWS == VIEW


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


cdef Py_ssize_t widest(Py_ssize_t n) noexcept nogil:
    """The widest windows of so many values that are asked for a gap, a power of two; 0 for none."""
    cdef Py_ssize_t width = 1
    if n < BEFORE + PERSISTENT:
        return 0
    while n // (2 * width) >= 16:
        width *= 2
    return width


cdef double highest_of_the_end(
    const double *y, Py_ssize_t n, Py_ssize_t width, double *work
) noexcept nogil:
    """No less than any level after a gap of `largest_gap`: these last to the end."""
    cdef Py_ssize_t count = window_medians(y, n, width, PERSISTENT + 1, work, work + LEVELS)
    smooth_3(work, count, work + LEVELS)
    return least_of(work + LEVELS + 1, count - 1)


cdef bint means_rise(const double *y, Py_ssize_t n, double noise) noexcept nogil:
    """As `contrast.may_rise` at first: whether all behind some block are worse than one before."""
    cdef Py_ssize_t width = max(1, n // MEANS), blocks = n // width, i, split
    cdef double best = 0.0, after = 0.0, block = 0.0, extreme = 0.0, apart
    for i in range(n):
        after += y[i]
        extreme = larger(extreme, fabs(y[i]))
    for split in range(1, blocks):
        block = 0.0
        for i in range((split - 1) * width, split * width):
            block += y[i]
        after -= block
        best = block if split == 1 else smaller(best, block)
        apart = after / (n - split * width) - best / width
        if apart > FIRST * noise * sqrt(1.0 / width + 1.0 / (n - split * width)) * (1 - SLACK) - (
            SLACK * extreme
        ):
            return True
    return False


cdef bint may_rise(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef Py_ssize_t width = 1, last = widest(n), count
    cdef double base = 0.0, gap, least, lowest = least_of(y, n)
    cdef double confidence = BETWEEN if n <= FEW_POINTS else CONFIDENCE
    if means_rise(y, n, noise):
        return True
    while width <= last:
        least = noise * larger(1.0, confidence / sqrt(width)) * (1 - SLACK)
        # No level before a gap is below the lowest point.
        if highest_of_the_end(y, n, width, work) - lowest > least:
            count = window_medians(y, n, width, VIEW, work, work + 3 * LEVELS)
            gap = largest_gap(work, count, &base, work + LEVELS)
            if gap > larger(least, ROUNDING * fabs(base)):
                return True
        width *= 2
    return False


cdef bint may_swing(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef Py_ssize_t width = max(LEAST_IN_BLOCK, n // BLOCKS), every, stride, blocks, last, i, j
    cdef Py_ssize_t some
    cdef double mean, distance, level, highest = 0.0, base = 0.0, calmest = 0.0
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
        some = 2 * every
        if stride > 1:
            some = taken(block, some, stride, rest)
            block = rest
        mean, distance = 0.0, 0.0
        for j in range(some):
            mean += block[j]
        mean /= some
        for j in range(some):
            distance += fabs(block[j] - mean)
        level = distance / some + 0.1 * noise
        if level <= SLACK * highest:
            return True  # nothing but the rounding of sums
        spread[i] = level + TINY
        calmest = spread[i] if i == 0 else smaller(calmest, spread[i])
    # Logarithms take longer, and means of them are no larger than those of means.
    last = widest(blocks)
    width = last
    while width and highest_of_the_end(spread, blocks, width, rest) < NOT_GROWN * calmest:
        width //= 2
    if not width:
        return False
    for i in range(blocks):
        spread[i] = log(spread[i])
    width = 1
    while width <= last:
        some = window_medians(spread, blocks, width, VIEW, rest, rest + 3 * LEVELS)
        if largest_gap(rest, some, &base, rest + LEVELS) >= GROWTH - SLACK:
            return True
        width *= 2
    return False


cdef bint may_have_crests(
    const double *y, Py_ssize_t n, double *work
) noexcept nogil:
    """Whether as many crests as `crests.find` asks for stand above the noise of levels."""
    cdef Py_ssize_t width = (n + VIEW - 1) // VIEW, count, found = 0, i
    cdef double *level = work
    cdef double low, high, rise = 0.0
    cdef bint rising = False
    if n < BEFORE + PERSISTENT:
        return False
    count = window_medians(y, n, width, VIEW, level, work + LEVELS)
    low = level[0]
    for i in range(1, count):
        low = smaller(low, level[i])
        rise = larger(rise, level[i] - low)
    if rise * HIGHEST < CREST_CLEAR * noise_of_points(level, count, work + LEVELS) * (1 - SLACK):
        return False
    low = high = level[0]
    for i in range(1, count):
        if rising:
            high = larger(high, level[i])
            if high - level[i] >= rise * LOWEST * (1 - SLACK):
                rising, low = False, level[i]
        else:
            low = smaller(low, level[i])
            if level[i] - low >= rise * LOWEST * (1 - SLACK):
                rising, high = True, level[i]
                found += 1
    return found >= LEAST_CRESTS
