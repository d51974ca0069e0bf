"""The first look at a series for spikes."""

from libc.math cimport fabs

from tbtools.analysis.detect.detectors import spike

cdef enum:
    BLOCK = 16
assert spike.BLOCK == BLOCK == FEW_VALUES
assert BLOCK % 4 == spike.SHORT_BLOCK % 4 == 0

cdef double HEIGHT = spike.HEIGHT
cdef double LEAST_HEIGHT = spike.LEAST_HEIGHT
cdef Py_ssize_t ENOUGH = spike.ENOUGH
cdef double BLUNT = spike.BLUNT
cdef Py_ssize_t SHORT_BLOCK = spike.SHORT_BLOCK
cdef Py_ssize_t FEW = spike.FEW
cdef Py_ssize_t LEAST_SPIKE_WINDOWS = spike.LEAST_WINDOWS


cdef inline void above_line(
    const double *level, const double *medians, Py_ssize_t block, Py_ssize_t ahead, double *distance
) noexcept nogil:
    """How far the windows of a block, and some ahead of it, lie above the line, or a little more.

    The line is that of `spike.heights_of`; `medians` are those of the block before, of its own and
    of the one behind.
    """
    cdef double before = (medians[1] - medians[0]) / block
    cdef double behind = (medians[2] - medians[1]) / block
    cdef double away, above
    cdef Py_ssize_t i
    for i in range(ahead + block):
        away = i - ahead - (block - 1) / 2.0
        above = level[i - ahead] - ((before if away < 0 else behind) * away + medians[1])
        distance[i] = larger(above, above * (1 + SLACK) + 1e-3 * SLACK * fabs(level[i - ahead]))


cdef inline double highest_above_line(
    const double *level, const double *medians, Py_ssize_t block
) noexcept nogil:
    """No less than `above_line` of any window of a block: its highest above the lowest of the line.

    A loss far above its noise has no such window; all of them take many times as long.
    """
    cdef double first = medians[1] - (medians[1] - medians[0]) / block * ((block - 1) / 2.0)
    cdef double last = medians[1] + (medians[2] - medians[1]) / block * ((block - 1) / 2.0)
    cdef double lowest = smaller(medians[1], smaller(first, last)), highest[4]
    cdef Py_ssize_t i
    for i in range(4):
        highest[i] = level[i]
    for i in range(4, block, 4):
        highest[0] = larger(highest[0], level[i])
        highest[1] = larger(highest[1], level[i + 1])
        highest[2] = larger(highest[2], level[i + 2])
        highest[3] = larger(highest[3], level[i + 3])
    highest[0] = larger(larger(highest[0], highest[1]), larger(highest[2], highest[3]))
    return highest[0] - lowest + 2 * SLACK * (fabs(highest[0]) + fabs(lowest))


cdef inline Py_ssize_t not_below(const double *x, Py_ssize_t n, double least) noexcept nogil:
    """How many values are no less than one."""
    cdef Py_ssize_t i, count = 0
    for i in range(n):
        count += x[i] >= least
    return count


cdef bint came_back(
    const double *level, Py_ssize_t n, Py_ssize_t block, Py_ssize_t at
) noexcept nogil:
    """As `spike._came_back`; what is not above the medians on both sides has not come from one."""
    cdef double work[BLOCK]
    cdef Py_ssize_t before = min(at, block), after = min(n - at - 1, block)
    cdef double first, second, low, high
    if min(before, after) < BEFORE:
        return False
    if 2 * not_below(level + at - before, before, level[at]) > before + 1:
        return False
    if 2 * not_below(level + at + 1, after, level[at]) > after + 1:
        return False
    first = median_of(level + at - before, before, work)
    second = median_of(level + at + 1, after, work)
    low, high = smaller(first, second), larger(first, second)
    return level[at] - high > 0.5 * (level[at] - low)


cdef double spread_of(
    const double *level, const double *medians, Py_ssize_t block, Py_ssize_t ahead, Py_ssize_t at
) noexcept nogil:
    """The median distance of the windows of a block from the line."""
    cdef double distance[BLOCK]
    cdef Py_ssize_t i
    above_line(level + ahead + at * block, medians + at, block, 0, distance)
    for i in range(block):
        distance[i] = fabs(distance[i])
    return middle_value(distance, block)


cdef double local_noise(
    const double *level, const double *medians, Py_ssize_t block, Py_ssize_t ahead,
    Py_ssize_t count, Py_ssize_t at
) noexcept nogil:
    """The noise of a block in `spike.heights_of`, or a little less."""
    cdef double own = spread_of(level, medians, block, ahead, at)
    cdef double middle = middle_of(
        spread_of(level, medians, block, ahead, max(at - 1, 0)),
        spread_of(level, medians, block, ahead, min(at + 1, count - 1)),
        own,
    )
    return larger(middle, BLUNT * own) * MAD_TO_SIGMA * (1 - 2 * SLACK)


cdef bint has_spikes(
    const double *level, Py_ssize_t n, double noise, double *medians, double *rough
) noexcept nogil:
    """Whether a height of `spike.heights_of` may be that of a spike, and what is there came back."""
    cdef double distance[2 * BLOCK]
    cdef Py_ssize_t block = BLOCK if n >= FEW else SHORT_BLOCK
    cdef Py_ssize_t count = n // block, ahead = n - n // block * block, at, i, begin, before
    cdef double height = LEAST_HEIGHT if n < ENOUGH else HEIGHT
    cdef double least = height * (0.5 * noise + TINY), limit
    cdef bint local
    if block == BLOCK:
        medians_of_16(level + ahead, count, rough)
    else:
        for at in range(count):
            rough[at] = median_of(level + ahead + at * block, block, distance)
    smooth_3(rough, count, medians + 1)
    medians[0] = 2 * medians[1] - medians[2]
    medians[count + 1] = 2 * medians[count] - medians[count - 1]
    for at in range(count):
        begin = ahead + at * block
        before = 0 if at else ahead
        if not before and highest_above_line(level + begin, medians + at, block) <= least:
            continue
        above_line(level + begin, medians + at, block, before, distance)
        limit, local = least, False
        for i in range(before + block):
            if distance[i] <= limit or not came_back(level, n, block, begin - before + i):
                continue
            # The local noise costs more to know: most windows are no spike whatever it is.
            if not local:
                limit = larger(limit, height * local_noise(level, medians, block, ahead, count, at))
                local = True
            if distance[i] > limit:
                return True
    return False


cdef bint may_spike(const double *y, Py_ssize_t n, double noise, double *work) noexcept nogil:
    cdef const double *level = y
    cdef double *kept = work
    cdef double *rest = work + n // 4
    cdef Py_ssize_t some
    while n >= LEAST_SPIKE_WINDOWS:
        some = n // SHORT_BLOCK + 2
        if has_spikes(level, n, noise, rest, rest + some):
            return True
        # In place: each window is read before its median is written.
        n = window_medians(level, n, 4, n // 4, kept, rest)
        level = kept
        # Of windows the detector takes twice that.
        noise = 2 * noise_of_points(level, n, rest)
    return False
