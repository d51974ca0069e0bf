# cython: boundscheck=False, wraparound=False, cdivision=True
"""What is asked of levels again and again, compiled; `_levels_python` says what each function does."""

from libc.stdlib cimport free, malloc

import numpy as np

from tbtools.analysis.detect import _levels_python

include "_robust.pxi"


cdef double TINY = _levels_python.TINY


cdef double *room(Py_ssize_t count) except NULL:
    """Memory for some values, to be freed."""
    cdef double *out = <double *>malloc((count + 1) * sizeof(double))
    if out == NULL:
        raise MemoryError
    return out


cdef double *copied(const double[:] x, Py_ssize_t more) except NULL:
    """A copy that may be put in order, with room for more behind it."""
    cdef Py_ssize_t i
    cdef double *out = room(x.shape[0] + more)
    for i in range(x.shape[0]):
        out[i] = x[i]
    return out


def median(const double[:] x):
    """As `_levels_python.median`."""
    cdef double *work = copied(x, 0)
    cdef double found = middle_value(work, x.shape[0])
    free(work)
    return found


def quantile(const double[:] x, Py_ssize_t place):
    """As `_levels_python.quantile`."""
    cdef double *work = copied(x, 0)
    cdef double found = select(work, x.shape[0], place)
    free(work)
    return found


def running_median(const double[:] x, Py_ssize_t width):
    """As `_levels_python.running_median`, which does the wide ones."""
    if width > LEVELS:
        return _levels_python.running_median(np.asarray(x), width)
    cdef Py_ssize_t n = x.shape[0]
    cdef double *work = copied(x, 0)
    out = np.empty(n)
    cdef double[::1] found = out
    if width == 3:
        smooth_3(work, n, &found[0])
    elif width == 5:
        smooth_5(work, n, &found[0])
    else:
        running_medians(work, n, width, &found[0])
    free(work)
    return out


def first_level(const double[:] level, double spread, double departure, Py_ssize_t least):
    """As `_levels_python.first_level`."""
    cdef Py_ssize_t n = level.shape[0], i, j, found = n
    cdef double *work = copied(level, 2 * n)
    cdef double *centre = work + n
    cdef double *ordered = work + 2 * n
    cdef double total, limit
    medians_to_the_end(work, n, centre, ordered)
    for i in range(n - least + 1):
        total = 0.0
        for j in range((n - i + 1) // 2):
            total += smaller(larger(work[i + j] - centre[i], -4 * spread), 4 * spread)
            limit = departure * spread * sqrt(<double>(j + 1))
            if not total <= limit:
                break
        else:
            found = i
            break
    free(work)
    return found


def medians_of_windows(const double[::1] y, Py_ssize_t width, Py_ssize_t count):
    """As `_levels_python.medians_of_windows`."""
    cdef Py_ssize_t whole = min(count, y.shape[0] // width)
    out = np.empty(whole)
    cdef double[::1] found = out
    cdef double *work
    if whole:
        work = room(width)
        window_medians(&y[0], y.shape[0], width, whole, &found[0], work)
        free(work)
    return out


def means_of_windows(const double[::1] y, Py_ssize_t width):
    """As `_levels_python.means_of_windows`."""
    out = np.empty(y.shape[0] // width)
    cdef double[::1] found = out
    cdef double *work
    if found.shape[0]:
        work = room(y.shape[0])
        window_means(&y[0], y.shape[0], width, &found[0], work)
        free(work)
    return out


def point_noise(const double[::1] y):
    """As `_levels_python.point_noise`."""
    if y.shape[0] < 3:
        return 0.0
    cdef double *work = room(min(y.shape[0], 2 * ENOUGH_DIFFERENCES))
    cdef double found = noise_of_points(&y[0], y.shape[0], work)
    free(work)
    return found


def level_noise(const double[:] levels):
    """As `_levels_python.level_noise`, which does more than a series is cut into."""
    if levels.shape[0] // 5 >= LEVELS:
        return _levels_python.level_noise(np.asarray(levels))
    cdef double *work = copied(levels, levels.shape[0])
    cdef double found = noise_of_levels(work, levels.shape[0], work + levels.shape[0])
    free(work)
    return found


def records(const double[:] level, double least):
    """As `_levels_python.records`."""
    cdef Py_ssize_t i
    cdef double best = level[0]
    found = [0]
    for i in range(1, level.shape[0]):
        if level[i] < best - least:
            best = level[i]
            found.append(i)
    return found


def longest_excursion(const double[:] level, Py_ssize_t count, double height):
    """As `_levels_python.longest_excursion`."""
    cdef Py_ssize_t n = level.shape[0], i, high = 0, longest = 0
    cdef double *work = copied(level, n)
    cdef double *smooth = work + n
    cdef double best
    smooth_3(work, n, smooth)
    best = smooth[0]
    for i in range(min(count, n)):
        best = smaller(best, smooth[i])
        if smooth[i] - best > height:
            high += 1
            continue
        longest, high = max(longest, high), 0
    free(work)
    return longest


def turning_points(const double[:] y):
    """As `_levels_python.turning_points`."""
    cdef Py_ssize_t i, changes = 0, turning = 0
    cdef bint rises = False
    for i in range(1, y.shape[0]):
        if y[i] == y[i - 1]:
            continue
        turning += changes > 0 and rises != (y[i] > y[i - 1])
        rises = y[i] > y[i - 1]
        changes += 1
    return turning, max(0, changes - 1)


def least_squares_split(const double[::1] y):
    """As `_levels_python.least_squares_split`."""
    return split_of(&y[0], y.shape[0])


def split(const double[:] level, Py_ssize_t before, Py_ssize_t after):
    """As `_levels_python.split`."""
    cdef Py_ssize_t n = level.shape[0], i, at = before
    cdef double *work = copied(level, 2 * n)
    cdef double *smooth = work + n
    cdef double *best = work + 2 * n
    cdef double earlier, base, gap
    smooth_3(work, n, smooth)
    best[n - 1] = smooth[n - 1]
    for i in range(n - 2, -1, -1):
        best[i] = smaller(best[i + 1], smooth[i])
    earlier = smooth[0]
    for i in range(1, before):
        earlier = smaller(earlier, smooth[i])
    gap, base = best[before] - earlier, earlier
    for i in range(before + 1, n - after + 1):
        earlier = smaller(earlier, smooth[i - 1])
        if best[i] - earlier > gap:
            gap, base, at = best[i] - earlier, earlier, i
    free(work)
    return gap, at, base


def bend(const double[:] level, double centre, Py_ssize_t last, double worth):
    """As `_levels_python.bend`."""
    cdef Py_ssize_t n = level.shape[0], i
    cdef Py_ssize_t[3] found = [1, 1, 1]
    cdef double *work = copied(level, n)
    cdef double *smooth = work + n
    cdef double step = 0.0, line = 0.0, square = 0.0, parabola, at, sum_of_squares
    cdef double[3] best = [-1.0, -1.0, -1.0]
    smooth_3(work, n, smooth)
    for i in range(1, last + 1):
        step += smooth[i - 1] - centre
        line += step
        square += line
        parabola = 2 * square - line
        at = i
        sum_of_squares = at * (at + 1) * (2 * at + 1)
        keep_larger(line, sum_of_squares / 6, i, &best[0], &found[0])
        keep_larger(step, at, i, &best[1], &found[1])
        sum_of_squares *= 3 * at * at + 3 * at - 1
        keep_larger(parabola, sum_of_squares / 30, i, &best[2], &found[2])
    free(work)
    for i in range(1, 3):
        if best[i] > best[0] + worth:
            best[0], found[0] = best[i], found[i]
    return found[0]


cdef inline void keep_larger(
    double product, double squares, Py_ssize_t at, double *best, Py_ssize_t *found
) noexcept:
    """As `_levels_python._explained`, and its first largest."""
    cdef double positive = larger(product, 0.0), explained = positive * positive / squares
    if explained > best[0]:
        best[0], found[0] = explained, at


def trend(const double[:] levels, double spread):
    """As `_levels_python.trend`."""
    cdef Py_ssize_t m = levels.shape[0], i, lag, many = 0
    cdef double *work = copied(levels, m * (m + 1))
    cdef double *rest = work + m
    cdef double slope, middle, r
    for lag in range(1, m):
        for i in range(m - lag):
            rest[many] = (work[i + lag] - work[i]) / lag
            many += 1
    slope = middle_value(rest, many)
    for i in range(m):
        work[i] -= slope * i
    middle = median_of(work, m, rest)
    for i in range(m):
        work[i] = smaller(larger(work[i] - middle, -3 * spread), 3 * spread)
    r = memory(work, m, rest)
    free(work)
    return 0.0 - slope * (m - 1), spread * sqrt(12.0 / m) * sqrt((1 + r) / (1 - r))


def lag_one(const double[:] residuals):
    """As `_levels_python.lag_one`."""
    cdef double *work = copied(residuals, residuals.shape[0])
    cdef double found = memory(work, residuals.shape[0], work + residuals.shape[0])
    free(work)
    return found


cdef double memory(const double *x, Py_ssize_t n, double *work) noexcept:
    """As `_levels_python.lag_one`."""
    cdef Py_ssize_t i
    cdef double square
    for i in range(n):
        work[i] = x[i] * x[i]
    square = sum_of(work, n)
    if square == 0:
        return 0.0
    for i in range(n - 1):
        work[i] = x[i + 1] * x[i]
    return smaller(larger(sum_of(work, n - 1) / square, 0.0), 0.9)


def autocorrelation(const double[:] x):
    """As `_levels_python.autocorrelation`, which does the long ones.

    In whole numbers, twice the ranks about their mean: so the sums are exact in any order.
    """
    if x.shape[0] > SAMPLE:
        return _levels_python.autocorrelation(np.asarray(x))
    cdef int rank[SAMPLE]
    cdef int n = <int>x.shape[0], i, lag, total
    cdef double *work = copied(x, 0)
    out = np.empty(n // 3)
    cdef double[::1] found = out
    cdef double square
    qsort(work, n, sizeof(double), compared)
    for i in range(n):
        rank[i] = place_of(work, n, x[i], False) + place_of(work, n, x[i], True) - n
    free(work)
    square = products(rank, rank, n) / 4.0 + TINY
    for lag in range(1, n // 3 + 1):
        found[lag - 1] = products(rank, rank + lag, n - lag) / 4.0 / square
    return out


cdef inline int products(const int *a, const int *b, int n) noexcept:
    cdef int i, total = 0
    for i in range(n):
        total += a[i] * b[i]
    return total


cdef inline int place_of(const double *ordered, int n, double value, bint behind) noexcept:
    """How many values are less than one, or no larger."""
    cdef int low = 0, middle
    while low < n:
        middle = (low + n) // 2
        if ordered[middle] < value or (behind and ordered[middle] == value):
            low = middle + 1
        else:
            n = middle
    return low
