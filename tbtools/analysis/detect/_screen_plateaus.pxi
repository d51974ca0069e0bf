"""The first look at a series for a plateau, ongoing or over."""

from libc.math cimport fabs, sqrt

from tbtools.analysis.detect.detectors import past_plateau, plateau
from tbtools.analysis.detect.signals import rest

cdef enum:
    WINDOWS = 64
assert plateau.WINDOWS == WINDOWS <= LEVELS // 2

cdef Py_ssize_t LEAST_WINDOWS = rest.LEAST_WINDOWS
cdef Py_ssize_t LEAST_POINTS = plateau.LEAST_POINTS
cdef double LEAST_PART = plateau.LEAST_PART
cdef double IMPROVED = plateau.IMPROVED
cdef double SURELY = plateau.SURELY
cdef double START = plateau.START
cdef Py_ssize_t FIRST_WINDOWS = plateau.FIRST_WINDOWS
cdef double LIMIT = plateau.LIMIT
cdef double RATIO = plateau.RATIO
cdef double NEVER = plateau.NEVER
cdef double DEPARTURE = rest.DEPARTURE
cdef double END = rest.END
cdef double DESCENT = rest.DESCENT
cdef double PRECEDENT = rest.PRECEDENT
cdef double RECORD = plateau.RECORD
cdef double LEAST_WAIT = past_plateau.LEAST_PART
cdef double ROOTS[LEVELS]
for number in range(LEVELS):
    ROOTS[number] = (number + 1) ** 0.5


cdef double tiny(const double *level, Py_ssize_t n) noexcept nogil:
    cdef double highest = 0.0
    cdef Py_ssize_t i
    for i in range(n):
        highest = larger(highest, fabs(level[i]))
    return 1e-9 * highest + TINY


cdef bint begins_level(
    const double *level, Py_ssize_t n, double centre, double spread
) noexcept nogil:
    """As `rest._begins_level`, of the first half of some levels."""
    cdef double total = 0.0
    cdef Py_ssize_t i
    for i in range((n + 1) // 2):
        total += smaller(larger(level[i] - centre, -4 * spread), 4 * spread)
        if total > DEPARTURE * spread * ROOTS[i]:
            return False
    return True


cdef double loudest(const double *level, Py_ssize_t n) noexcept nogil:
    """No less than `noise_of_changes`; levels that begin farther above are level by no noise."""
    cdef double most = 0.0
    cdef Py_ssize_t i
    for i in range(n - 2):
        most = larger(most, fabs((level[i + 2] - level[i + 1]) - (level[i + 1] - level[i])))
    return MAD_TO_SIGMA * most / ROOT_6


cdef Py_ssize_t onset_of(
    const double *level, Py_ssize_t n, const double *centre, double spread
) noexcept nogil:
    """As `rest.first_window`."""
    cdef Py_ssize_t i
    for i in range(n - LEAST_WINDOWS + 1):
        if begins_level(level + i, n - i, centre[i], spread):
            return i
    return n


cdef double improved_before(
    const double *smooth, const double *centre, Py_ssize_t n, Py_ssize_t onset, double *work
) noexcept nogil:
    """As `rest.improved_before`, with the running median of five of the levels."""
    cdef Py_ssize_t begin = onset * onset // n
    cdef Py_ssize_t end = max(begin + 1, min(begin + 3, onset))
    return median_of(smooth + begin, end - begin, work) - centre[onset]


cdef Py_ssize_t bend(
    const double *level, Py_ssize_t n, Py_ssize_t onset, double centre, double *work
) noexcept nogil:
    """As `rest.bend` of a line."""
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
    const double *level, Py_ssize_t n, double small, double spread, bint learned
) noexcept nogil:
    """Whether the trend of a stretch is surely no flat one, without it.

    Sen's slope is the median of all slopes. So it lies beyond a limit if more than half of them do,
    and the limit is at its widest where levels do not depend on those before. What never learned
    may become a little worse.
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
    return 2 * below > pairs or (learned and 2 * above > pairs)


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
    """As `rest.is_a_step`: all waits but the first."""
    cdef double best = smooth[0]
    cdef Py_ssize_t i, last = 0, longest = 0
    for i in range(1, min(n, onset + 3)):
        if smooth[i] < best - least:
            best = smooth[i]
            if last:
                longest = max(longest, i - last)
            last = i
    return longest >= PRECEDENT * (n - onset)


cdef bint may_be_stretch(
    const double *level, const double *smooth, Py_ssize_t n, Py_ssize_t onset,
    double small, double spread, double before, bint overcome
) noexcept nogil:
    """What `plateau._flat` asks of a stretch, but for memory and the later half."""
    if n - onset < LEAST_WINDOWS or n - onset < LEAST_PART * n:
        return False
    if is_improving(level + onset, n - onset, small, spread, before > 0):
        return False
    return overcome or not is_a_step(smooth, n, onset, larger(3 * spread, RECORD * before))


cdef bint may_be_flat(
    const double *y, Py_ssize_t points, const double *level, const double *smooth, Py_ssize_t n,
    double spread, bint overcome, double *work
) noexcept nogil:
    """What `plateau.find` asks, but for memory and the later half."""
    cdef double centre[LEVELS]
    cdef double early, before, small, middle, end
    cdef Py_ssize_t first, onset, i, some
    medians_to_the_end(level, n, centre, work)
    # All levels stand in order there now.
    end = work[<Py_ssize_t>(DESCENT * (n - 1) + 0.5)] - centre[n // 2]
    first = onset_of(level, n, centre, larger(spread, END / DEPARTURE * end))
    if first > 0 and level[0] - centre[0] <= DEPARTURE * loudest(level, n // 2):
        early = larger(spread, noise_of_changes(level, n // 2, work))
        if early > spread and begins_level(level, n, centre[0], early):
            first, spread = 0, early
    if first == n:
        return False
    before = improved_before(smooth, centre, n, first, work)
    if before >= IMPROVED * spread:
        onset = max(first, bend(level, n, first, centre[first], work))
        small = RATIO * (
            before if first <= FIRST_WINDOWS
            else improved_before(smooth, centre, n, onset, work)
        )
        if may_be_stretch(level, smooth, n, onset, small, spread, before, overcome):
            return True
    if before >= SURELY * spread or first > START * n:
        return False
    some = taken(y, points, max(1, points // ENOUGH_DIFFERENCES), work)
    middle = middle_value(work, some)
    for i in range(some):
        work[i] = fabs(work[i] - middle)
    small = larger(MAD_TO_SIGMA * middle_value(work, some), tiny(level, n))
    spread = smaller(spread, small)
    return may_be_stretch(level, smooth, n, 0, NEVER * small, spread, 0.0, overcome)


cdef bint is_mostly_one(const double *y, Py_ssize_t points) noexcept nogil:
    """As `robust.is_mostly_one`; the value is that which outvotes all others (Boyer and Moore)."""
    cdef double one = y[0]
    cdef Py_ssize_t i, votes = 0, alike = 0
    for i in range(points):
        if votes == 0:
            one = y[i]
        votes += 1 if y[i] == one else -1
    for i in range(points):
        alike += y[i] == one
    return 2 * alike > points


cdef bint may_rest(const double *y, Py_ssize_t points, double *work) noexcept nogil:
    """Whether there may be a plateau, ongoing or over."""
    cdef double *level = work
    cdef double *smooth = work + LEVELS
    cdef Py_ssize_t n, begin = 0, end = 0, width
    cdef double spread, least, lowest
    if points < LEAST_POINTS:
        return False
    if is_mostly_one(y, points):
        return True
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
