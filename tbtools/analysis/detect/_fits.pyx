# cython: boundscheck=False, wraparound=False, cdivision=True
"""Levels, lines and ramps that are fitted to a rise, compiled; `_fits_python` says what each does."""

from libc.math cimport INFINITY
from libc.stdlib cimport free, malloc

from tbtools.analysis.detect import _fits_python

include "_robust.pxi"


cdef enum:
    BENDS = 24
    FINER = 12
    SHARED = 128

cdef double TINY = _fits_python.TINY
assert (BENDS, FINER, SHARED) == (_fits_python.BENDS, _fits_python.FINER, _fits_python.SHARED)
assert _fits_python.QUARTERS == (2, 3, 4, 5)


cdef double *room(Py_ssize_t count) except NULL:
    """Memory for some values, to be freed."""
    cdef double *out = <double *>malloc((count + 1) * sizeof(double))
    if out == NULL:
        raise MemoryError
    return out


cdef inline double sum_of_products(
    const double *a, const double *b, Py_ssize_t n, double *work
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        work[i] = a[i] * b[i]
    return sum_of(work, n)


cdef inline void centre(double *x, Py_ssize_t n) noexcept nogil:
    cdef double mean = sum_of(x, n) / n
    cdef Py_ssize_t i
    for i in range(n):
        x[i] -= mean


cdef inline double squares_about_mean(const double *x, Py_ssize_t n, double *work) noexcept nogil:
    """As NumPy's variance, times the number of values."""
    cdef double mean = sum_of(x, n) / n
    cdef Py_ssize_t i
    for i in range(n):
        work[i] = (x[i] - mean) * (x[i] - mean)
    return n * (sum_of(work, n) / n)


def two_levels(const double[::1] y):
    """As `_fits_python.two_levels`."""
    cdef Py_ssize_t n = y.shape[0], at
    cdef double *work = room(n)
    cdef double whole = squares_about_mean(&y[0], n, work), before, after
    if n < 2:
        free(work)
        return 0, whole, whole, 0.0
    at = split_of(&y[0], n)
    before = squares_about_mean(&y[0], at, work)
    after = squares_about_mean(&y[at], n - at, work)
    free(work)
    return at, whole, before + after, whole - before - after


def bend(const double[::1] y, double slower):
    """As `_fits_python.bend`."""
    cdef Py_ssize_t n = y.shape[0], i, found = 0
    cdef double *centred = room(2 * n)
    cdef double *rising = centred + n
    cdef double inside = 0.0, falling = 0.0, best = -INFINITY
    cdef double before, after, falls, rises, falling_squares, rising_squares
    cdef double height, down, up, explained
    for i in range(n):
        centred[i] = y[i]
    centre(centred, n)
    rising[n - 1] = 0.0
    for i in range(n - 2, -1, -1):
        inside += centred[i + 1]
        rising[i] = rising[i + 1] + inside
    inside = 0.0
    for i in range(n - 1):
        before, after = i, n - 1 - i
        falls, rises = -before * (before + 1) / 2, after * (after + 1) / 2
        falling_squares = before * (before + 1) * (2 * before + 1) / 6 + TINY
        rising_squares = after * (after + 1) * (2 * after + 1) / 6 + TINY
        height = -(falls / falling_squares * -falling + rises / rising_squares * rising[i]) / (
            n + TINY - falls * falls / falling_squares - rises * rises / rising_squares
        )
        down = (-falling - falls * height) / falling_squares
        up = (rising[i] - rises * height) / rising_squares
        explained = down * -falling + up * rising[i]
        if down <= slower * up and up > 0 and explained > best:
            best, found = explained, i
        inside += centred[i]
        falling += inside
    free(centred)
    return found


cdef inline void take_out(
    double *x, const double *model, double square, Py_ssize_t n, double *work
) noexcept nogil:
    """As `_fits_python._without`."""
    cdef double times
    cdef Py_ssize_t i
    if square > 0:
        times = sum_of_products(x, model, n, work) / square
        for i in range(n):
            x[i] -= times * model[i]


def slope(const double[::1] y, Py_ssize_t bend, const double[::1] ends):
    """As `_fits_python.slope`."""
    cdef Py_ssize_t n = y.shape[0], i, j
    cdef double *work = room(5 * n)
    cdef double *rest = work + n
    cdef double *falling = work + 2 * n
    cdef double *rising = work + 3 * n
    cdef double *left = work + 4 * n
    cdef double square, least = INFINITY
    for i in range(n):
        falling[i] = smaller(<double>(i - bend), 0.0)
        rest[i] = y[i]
    centre(falling, n)
    centre(rest, n)
    square = sum_of_products(falling, falling, n, work)
    take_out(rest, falling, square, n, work)
    for j in range(ends.shape[0]):
        for i in range(n):
            rising[i] = smaller(larger(<double>(i - bend), 0.0), ends[j] - bend)
            left[i] = rest[i]
        centre(rising, n)
        take_out(rising, falling, square, n, work)
        take_out(left, rising, sum_of_products(rising, rising, n, work), n, work)
        least = smaller(least, sum_of_products(left, left, n, work))
    free(work)
    return least


cdef struct Values:
    # Values of every so manieth point, from one on, less their mean; their square, and the sums of
    # those from each on.
    Py_ssize_t count
    Py_ssize_t first
    Py_ssize_t every
    double *centred
    double *behind
    double square


cdef Values values_at(const double *y, Py_ssize_t n, Py_ssize_t every) except *:
    """As `_fits_python._Centred`; its memory is to be freed."""
    cdef Values x
    cdef Py_ssize_t i
    x.first, x.every = every // 2, every
    x.count = (n - x.first + every - 1) // every
    x.centred = room(2 * x.count + 1)
    x.behind = x.centred + x.count
    for i in range(x.count):
        x.centred[i] = y[x.first + i * every]
    centre(x.centred, x.count)
    x.square = sum_of_products(x.centred, x.centred, x.count, x.behind)
    x.behind[x.count] = 0.0
    for i in range(x.count - 1, -1, -1):
        x.behind[i] = x.behind[i + 1] + x.centred[i]
    return x


cdef inline double raised(double part, int quarters) noexcept nogil:
    """As `_fits_python._raised`."""
    if quarters == 4:
        return part
    cdef double root = sqrt(part)
    if quarters == 2:
        return root
    return (root if quarters == 3 else part) * sqrt(root)


cdef double squares_about(const Values *x, Py_ssize_t begin, double end, int quarters) noexcept nogil:
    """As `_fits_python._Centred.squares`, of one ramp."""
    cdef double total = 0.0, square = 0.0, product = 0.0, height, length = end - begin
    cdef Py_ssize_t i = 0, at, up
    if begin >= x.first:
        i = (begin - x.first) // x.every + 1
    at = x.first + i * x.every
    while i < x.count and at < end:
        height = raised((at - begin) / length, quarters)
        total += height
        square += height * height
        product += height * x.centred[i]
        i += 1
        at += x.every
    up = x.count - i
    total += up
    square += up
    product += x.behind[i]
    return x.square - product * product / larger(square - total * total / x.count, TINY)


cdef struct Ramp:
    Py_ssize_t begin
    double end


cdef void places(double first, double last, int count, double *out) noexcept nogil:
    """As numpy.linspace."""
    cdef double step = (last - first) / (count - 1)
    cdef int i
    for i in range(count):
        out[i] = i * step + first
    out[count - 1] = last


cdef Ramp best_of(
    const Values *x, const double *begins, const double *ends, int count, int quarters
) noexcept nogil:
    """As `_fits_python._Centred.best`."""
    cdef Ramp best
    cdef double squares, least = INFINITY
    cdef Py_ssize_t begin, before
    cdef int i, j
    best.begin, best.end = 0, ends[count - 1]
    for i in range(count):
        before = -1
        for j in range(count):
            begin = <Py_ssize_t>begins[j]
            if begin == before or not ends[i] > begin:
                continue
            before = begin
            squares = squares_about(x, begin, ends[i], quarters)
            if squares < least:
                least, best.begin, best.end = squares, begin, ends[i]
    return best


cdef Ramp sought(const Values *x, Py_ssize_t last, int quarters) noexcept nogil:
    """The ramp of one power that fits best, as in `_fits_python.ramp`."""
    cdef double begins[BENDS]
    cdef double ends[BENDS]
    cdef double apart = last / <double>(BENDS - 1)
    cdef Ramp best
    cdef int finer
    places(0, last - 1, BENDS, begins)
    places(1, last, BENDS, ends)
    best = best_of(x, begins, ends, BENDS, quarters)
    for finer in range(2):
        places(larger(0, best.begin - apart), smaller(last - 1, best.begin + apart), FINER, begins)
        places(larger(1, best.end - 2 * apart), smaller(last, best.end + 2 * apart), FINER, ends)
        best = best_of(x, begins, ends, FINER, quarters)
        apart *= 2.0 / (FINER - 1)
    return best


def ramp(const double[::1] y, double cost):
    """As `_fits_python.ramp`."""
    cdef Py_ssize_t n = y.shape[0], found = 0
    cdef Values some = values_at(&y[0], n, max(1, n // SHARED)), whole = values_at(&y[0], n, 1)
    cdef Ramp best
    cdef double squares, left = 0.0, least = INFINITY, times
    cdef int quarters
    for quarters in range(2, 6):
        best = sought(&some, n - 1, quarters)
        squares = squares_about(&whole, best.begin, best.end, quarters)
        times = 1.0 if quarters == 4 else cost
        if squares * times < least:
            found, left, least = best.begin, squares, squares * times
    free(some.centred)
    free(whole.centred)
    return found, left


def squares_about_ramp(const double[::1] y, Py_ssize_t begin):
    """As `_fits_python.squares_about_ramp`."""
    cdef Values whole = values_at(&y[0], y.shape[0], 1)
    cdef double found = squares_about(&whole, begin, <double>y.shape[0], 4)
    free(whole.centred)
    return found
