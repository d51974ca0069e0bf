# cython: boundscheck=False, wraparound=False, cdivision=True
"""The first look at a series, compiled; `_screen_python` says what each function does.

Each condition here is one that its detector asks too, or a weaker one: what is sorted out, the
detector finds nothing in. Where a sum is rounded in another order than NumPy's, the condition is
weaker by `SLACK`.
"""

from libc.math cimport fabs, isfinite, log, sqrt
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

include "_robust.pxi"

from tbtools.analysis.detect.detectors import past_plateau, plateau, spike
from tbtools.analysis.detect.signals import excursion, oscillation, robust

cdef double SLACK = 1e-9
cdef enum:
    WINDOWS = 64
    VIEW = 128
    BLOCK = 16
assert (WINDOWS, VIEW, BLOCK) == (plateau.WINDOWS, excursion.VIEW, spike.BLOCK)
assert BLOCK % 4 == spike.SHORT_BLOCK % 4 == 0
assert LEVELS >= max(2 * WINDOWS, VIEW)
assert (SAMPLE, ENOUGH_DIFFERENCES) == (robust.SAMPLE, robust.ENOUGH_DIFFERENCES)
assert MAD_TO_SIGMA == robust.MAD_TO_SIGMA

cdef double TINY = robust.TINY
cdef Py_ssize_t BEFORE = excursion.BEFORE
cdef Py_ssize_t PERSISTENT = excursion.PERSISTENT
cdef double ROUNDING = excursion.TINY
# The least that is asked for, of a validation series.
cdef double CONFIDENCE = excursion.LEAST_CONFIDENCE
cdef double GROWTH = oscillation.LEAST
cdef Py_ssize_t BLOCKS = oscillation.BLOCKS
cdef Py_ssize_t LEAST_IN_BLOCK = oscillation.LEAST_POINTS
cdef Py_ssize_t LEAST_BLOCKS = oscillation.LEAST_BLOCKS
cdef double HEIGHT = spike.HEIGHT
cdef double BLUNT = spike.BLUNT
cdef Py_ssize_t SHORT_BLOCK = spike.SHORT_BLOCK
cdef Py_ssize_t FEW = spike.FEW
cdef Py_ssize_t LEAST_SPIKE_WINDOWS = spike.LEAST_WINDOWS
cdef Py_ssize_t LEAST_WINDOWS = plateau.LEAST_WINDOWS
cdef Py_ssize_t LEAST_POINTS = plateau.LEAST_POINTS
cdef double LEAST_PART = plateau.LEAST_PART
cdef double IMPROVED = plateau.IMPROVED
cdef double START = plateau.START
cdef double LIMIT = plateau.LIMIT
cdef double RATIO = plateau.RATIO
cdef double NEVER = plateau.NEVER
cdef double DEPARTURE = plateau.DEPARTURE
cdef double END = plateau.END
cdef double DESCENT = plateau.DESCENT
cdef double PRECEDENT = plateau.PRECEDENT
cdef double RECORD = plateau.RECORD
cdef double LEAST_WAIT = past_plateau.LEAST_PART
cdef double ROOTS[LEVELS]
for number in range(LEVELS):
    ROOTS[number] = (number + 1) ** 0.5

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


# ---- rises, swings, spikes


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
    while n // width >= (BEFORE + PERSISTENT if width == 1 else 16):
        count = window_medians(y, n, width, VIEW, work, work + 3 * LEVELS)
        gap = largest_gap(work, count, &base, work + LEVELS)
        least = noise * larger(1.0, CONFIDENCE / sqrt(width))
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


cdef bint came_back(
    const double *level, Py_ssize_t n, Py_ssize_t block, Py_ssize_t at
) noexcept nogil:
    """As `spike._came_back`."""
    cdef double work[BLOCK]
    cdef Py_ssize_t before = min(at, block), after = min(n - at - 1, block)
    cdef double first, second, low, high
    if before < BEFORE or after < PERSISTENT:
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
    """Whether a height of `spike.heights_of` may be beyond HEIGHT, and what is there came back."""
    cdef double distance[2 * BLOCK]
    cdef Py_ssize_t block = BLOCK if n >= FEW else SHORT_BLOCK
    cdef Py_ssize_t count = n // block, ahead = n - n // block * block, at, i, begin, before
    cdef double least = 0.5 * noise + TINY, local
    for at in range(count):
        rough[at] = median_of(level + ahead + at * block, block, distance)
    smooth_3(rough, count, medians + 1)
    medians[0] = 2 * medians[1] - medians[2]
    medians[count + 1] = 2 * medians[count] - medians[count - 1]
    for at in range(count):
        begin = ahead + at * block
        before = 0 if at else ahead
        if not before and highest_above_line(level + begin, medians + at, block) <= HEIGHT * least:
            continue
        above_line(level + begin, medians + at, block, before, distance)
        local = -1.0
        for i in range(before + block):
            # The noise costs more to know: most windows are no spike whatever it is.
            if distance[i] > HEIGHT * least and came_back(level, n, block, begin - before + i):
                if local < 0:
                    local = local_noise(level, medians, block, ahead, count, at)
                if distance[i] > HEIGHT * local:
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


# ---- plateaus


cdef double tiny(const double *level, Py_ssize_t n) noexcept nogil:
    cdef double highest = 0.0
    cdef Py_ssize_t i
    for i in range(n):
        highest = larger(highest, fabs(level[i]))
    return 1e-9 * highest + TINY


cdef bint begins_level(
    const double *level, Py_ssize_t n, double centre, double spread
) noexcept nogil:
    """As `plateau._begins_level`, of the first half of some levels."""
    cdef double total = 0.0
    cdef Py_ssize_t i
    for i in range((n + 1) // 2):
        total += smaller(larger(level[i] - centre, -4 * spread), 4 * spread)
        if total > DEPARTURE * spread * ROOTS[i]:
            return False
    return True


cdef Py_ssize_t onset_of(
    const double *level, Py_ssize_t n, const double *centre, double spread
) noexcept nogil:
    """As `plateau._onset`."""
    cdef Py_ssize_t i
    for i in range(n - LEAST_WINDOWS + 1):
        if begins_level(level + i, n - i, centre[i], spread):
            return i
    return n


cdef double improved_before(
    const double *smooth, const double *centre, Py_ssize_t n, Py_ssize_t onset, double *work
) noexcept nogil:
    """As `plateau._improved_before`, with the running median of five of the levels."""
    cdef Py_ssize_t begin = onset * onset // n
    cdef Py_ssize_t end = max(begin + 1, min(begin + 3, onset))
    return median_of(smooth + begin, end - begin, work) - centre[onset]


cdef Py_ssize_t bend(
    const double *level, Py_ssize_t n, Py_ssize_t onset, double centre, double *work
) noexcept nogil:
    """As `plateau._bend` of a line."""
    cdef Py_ssize_t begin = onset * onset // n, many = n - begin, i, found = 1
    cdef double total = 0.0, line = 0.0, best = -1.0, explained, at
    smooth_3(level + begin, many, work)
    for i in range(1, many - LEAST_WINDOWS // 2):
        total += work[i - 1] - centre
        line += total
        at = i
        explained = larger(line, 0.0) * larger(line, 0.0) / (at * (at + 1) * (2 * at + 1) / 6)
        if explained > best:
            best, found = explained, i
    return begin + found


cdef bint is_improving(
    const double *level, Py_ssize_t n, double small, double spread
) noexcept nogil:
    """Whether the trend of a stretch is surely no flat one, without it.

    Sen's slope is the median of all slopes. So it lies beyond a limit if more than half of them do,
    and the limit is at its widest where levels do not depend on those before.
    """
    cdef double least = -(small - LIMIT * spread * sqrt(12.0 / n)) / (n - 1), most = small / (n - 1)
    cdef double slack = SLACK * (fabs(least) + most + tiny(level, n) * 1e9)
    cdef Py_ssize_t i, lag, below = 0, above = 0, pairs = n * (n - 1) // 2
    cdef double low, high, slope
    cdef int under, over
    for lag in range(1, n):
        low, high = (least - slack) * lag, (most + slack) * lag
        under, over = 0, 0
        for i in range(n - lag):
            slope = level[i + lag] - level[i]
            under += slope < low
            over += slope > high
        below += under
        above += over
    return 2 * below > pairs or 2 * above > pairs


cdef double longest_wait(
    const double *level, Py_ssize_t n, double least, Py_ssize_t *begin, Py_ssize_t *end
) noexcept nogil:
    """The first longest wait between two records of `plateau.records`; 0 where there is one."""
    cdef double best = level[0]
    cdef Py_ssize_t i, last = 0, longest = 0
    for i in range(1, n):
        if level[i] < best - least:
            best = level[i]
            if i - last > longest:
                longest, begin[0], end[0] = i - last, last, i
            last = i
    return longest


cdef bint is_a_step(
    const double *smooth, Py_ssize_t n, Py_ssize_t onset, double least
) noexcept nogil:
    """As `plateau._is_a_step`: all waits but the first."""
    cdef double best = smooth[0]
    cdef Py_ssize_t i, last = 0, longest = 0
    for i in range(1, min(n, onset + 3)):
        if smooth[i] < best - least:
            best = smooth[i]
            if last:
                longest = max(longest, i - last)
            last = i
    return longest >= PRECEDENT * (n - onset)


cdef bint may_be_flat(
    const double *y, Py_ssize_t points, const double *level, const double *smooth, Py_ssize_t n,
    double spread, bint overcome, double *work
) noexcept nogil:
    """What `plateau.find` asks, but for memory and the later half."""
    cdef double centre[LEVELS]
    cdef double early, before, small, middle, end
    cdef Py_ssize_t first, onset, i, some
    medians_to_the_end(level, n, centre, work)
    end = select_of(level, n, <Py_ssize_t>(DESCENT * (n - 1) + 0.5), work) - centre[n // 2]
    first = onset_of(level, n, centre, larger(spread, END / DEPARTURE * end))
    if first > 0:
        early = larger(spread, noise_of_changes(level, n // 2, work))
        if early > spread and begins_level(level, n, centre[0], early):
            first, spread = 0, early
    if first == n:
        return False
    before = improved_before(smooth, centre, n, first, work)
    if before >= IMPROVED * spread:
        onset = max(first, bend(level, n, first, centre[first], work))
        small = RATIO * improved_before(smooth, centre, n, onset, work)
    elif first <= START * n:
        onset, before = 0, 0.0
        some = taken(y, points, max(1, points // ENOUGH_DIFFERENCES), work)
        middle = middle_value(work, some)
        for i in range(some):
            work[i] = fabs(work[i] - middle)
        small = NEVER * larger(MAD_TO_SIGMA * middle_value(work, some), tiny(level, n))
    else:
        return False
    if n - onset < LEAST_WINDOWS or n - onset < LEAST_PART * n:
        return False
    if is_improving(level + onset, n - onset, small, spread):
        return False
    return overcome or not is_a_step(smooth, n, onset, larger(3 * spread, RECORD * before))


cdef inline double least_of(const double *x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef double least = x[0]
    for i in range(1, n):
        least = smaller(least, x[i])
    return least


cdef bint may_rest(const double *y, Py_ssize_t points, double *work) noexcept nogil:
    """Whether there may be a plateau, ongoing or over."""
    cdef double *level = work
    cdef double *smooth = work + LEVELS
    cdef Py_ssize_t n, begin = 0, end = 0, width
    cdef double spread, least, lowest
    if points < LEAST_POINTS:
        return False
    work += 2 * LEVELS
    n = window_means(y, points, max(1, points // WINDOWS), level, work)
    spread = larger(noise_of_levels(level + n // 2, n - n // 2, work), tiny(level, n))
    smooth_5(level, n, smooth)
    if may_be_flat(y, points, level, smooth, n, spread, False, work):
        return True
    lowest = least_of(smooth, n)
    least = select_of(smooth, n, <Py_ssize_t>(0.75 * (n - 1) + 0.5), work) - lowest
    least = larger(3 * spread, RECORD * least)
    if longest_wait(smooth, n, least, &begin, &end) < LEAST_WAIT * n:
        return False
    while end > 0 and level[end - 1] < smooth[begin] - 0.5 * least:
        end -= 1
    width = max(1, points // WINDOWS)
    points = points - (n - end) * width if end > 0 else 0
    if points < LEAST_POINTS:
        return False
    n = window_means(y, points, max(1, points // WINDOWS), level, work)
    spread = larger(noise_of_levels(level + n // 2, n - n // 2, work), tiny(level, n))
    smooth_5(level, n, smooth)
    return may_be_flat(y, points, level, smooth, n, spread, True, work)
