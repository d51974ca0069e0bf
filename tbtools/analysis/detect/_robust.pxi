"""Robust statistics of `signals/robust.py` for the compiled first look: the same medians and noise.

Medians are values of the series and do not depend on how they are found; sums are in NumPy's order.
"""

from libc.math cimport fabs, sqrt
from libc.stdlib cimport qsort
from libc.string cimport memmove

# As in `signals/robust.py`; `_screen.pyx` holds them to it.
cdef extern from *:
    """
    #define MAD_TO_SIGMA 1.482602218505602
    #define ROOT_6 2.449489742783178
    """
    const double MAD_TO_SIGMA, ROOT_6

cdef enum:
    SAMPLE = 1024
    ENOUGH_DIFFERENCES = 20000
    # A series is cut into fewer levels.
    LEVELS = 128
    # A window of so many values takes less time to find two in it than to look at all.
    MOVED_AT_ONCE = 32
    # So few values are put in order to find their median; a sample of so many tells where it is.
    FEW_VALUES = 16
    PIVOTS = 32
    SOME_VALUES = 24
    MANY_VALUES = 400


cdef inline double larger(double a, double b) noexcept nogil:
    return a if a > b else b


cdef inline double smaller(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline double middle_of(double a, double b, double c) noexcept nogil:
    return larger(smaller(a, b), smaller(larger(a, b), c))


cdef inline Py_ssize_t below(
    double *x, Py_ssize_t first, Py_ssize_t end, double pivot
) noexcept nogil:
    """Puts what is less than a pivot in front; where the rest begins.

    Without a branch, which no processor could foresee (Lomuto's partition).
    """
    cdef Py_ssize_t i
    cdef double value
    for i in range(first, end):
        value = x[i]
        x[i] = x[first]
        x[first] = value
        first += value < pivot
    return first


cdef inline Py_ssize_t up_to(
    double *x, Py_ssize_t first, Py_ssize_t end, double pivot
) noexcept nogil:
    """The same of what is not more than the pivot."""
    cdef Py_ssize_t i
    cdef double value
    for i in range(first, end):
        value = x[i]
        x[i] = x[first]
        x[first] = value
        first += value <= pivot
    return first


cdef inline void order_few(double *x, Py_ssize_t n) noexcept nogil:
    """Puts some values in order, without a branch that depends on them."""
    cdef Py_ssize_t i, j
    cdef double value, other
    for i in range(1, n):
        value = x[i]
        for j in range(i):
            other = x[j]
            x[j] = smaller(other, value)
            value = larger(value, other)
        x[i] = value


cdef int merge_exchange(int n, int *pairs):
    """The pairs of places that are put in order one after the other until all are; how many.

    Batcher's merge exchange (1968; Knuth 5.2.2 M), whose steps hardly wait for each other.
    """
    cdef int count = 0, first = 1, p, q, r, d, i
    while 2 * first < n:
        first *= 2
    p = first
    while p > 0:
        q, r, d = first, 0, p
        while True:
            for i in range(n - d):
                if i & p == r:
                    pairs[2 * count], pairs[2 * count + 1] = i, i + d
                    count += 1
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return count


cdef int those_of_the_middle(int n, int *pairs, int count):
    """Leaves those of the pairs that the two values in the middle depend on; how many."""
    cdef int at, left = count
    needed = {n // 2 - 1, n // 2}
    for at in range(count - 1, -1, -1):
        if pairs[2 * at] in needed or pairs[2 * at + 1] in needed:
            needed |= {pairs[2 * at], pairs[2 * at + 1]}
            left -= 1
            pairs[2 * left], pairs[2 * left + 1] = pairs[2 * at], pairs[2 * at + 1]
    for at in range(2 * (count - left)):
        pairs[at] = pairs[2 * left + at]
    return count - left


cdef int EXCHANGED_FEW[2 * 63]
cdef int EXCHANGED_PIVOTS[2 * 191]
cdef int EXCHANGES_OF_FEW = those_of_the_middle(
    FEW_VALUES, EXCHANGED_FEW, merge_exchange(FEW_VALUES, EXCHANGED_FEW)
)
cdef int EXCHANGES_OF_PIVOTS = merge_exchange(PIVOTS, EXCHANGED_PIVOTS)


cdef inline void exchange_all(double *x, const int *pairs, int count) noexcept nogil:
    """Puts each pair of places in order, in turn."""
    cdef double a, b
    cdef int i
    for i in range(count):
        a, b = x[pairs[2 * i]], x[pairs[2 * i + 1]]
        x[pairs[2 * i]], x[pairs[2 * i + 1]] = smaller(a, b), larger(a, b)


cdef inline void medians_of_16(const double *x, Py_ssize_t blocks, double *out) noexcept nogil:
    """The median of each block of 16 values, of four blocks at a time."""
    cdef double lanes[4 * FEW_VALUES]
    cdef double one[4]
    cdef double other[4]
    cdef Py_ssize_t at, lane, i
    cdef double *a
    cdef double *b
    cdef const double *block
    for at in range(0, blocks, 4):
        for lane in range(4):
            block = x + min(at + lane, blocks - 1) * FEW_VALUES
            for i in range(FEW_VALUES):
                lanes[4 * i + lane] = block[i]
        for i in range(EXCHANGES_OF_FEW):
            a, b = lanes + 4 * EXCHANGED_FEW[2 * i], lanes + 4 * EXCHANGED_FEW[2 * i + 1]
            for lane in range(4):
                one[lane], other[lane] = a[lane], b[lane]
            for lane in range(4):
                a[lane] = smaller(one[lane], other[lane])
                b[lane] = larger(one[lane], other[lane])
        a = lanes + 4 * (FEW_VALUES // 2 - 1)
        for lane in range(min(4, blocks - at)):
            out[at + lane] = a[lane] / 2 + a[4 + lane] / 2


cdef inline double pivot_for(
    const double *x, Py_ssize_t left, Py_ssize_t end, Py_ssize_t k
) noexcept nogil:
    """A value a little beyond the k-th smallest of a stretch, or before it in its upper half.

    So what is left after a partition or two is little (Floyd and Rivest 1975).
    """
    cdef double sample[PIVOTS]
    cdef Py_ssize_t i, many = end - left, place
    if many < SOME_VALUES:
        return middle_of(x[left], x[end - 1], x[(left + end) // 2])
    if many < MANY_VALUES:  # the median of three medians of three (Tukey 1978)
        i = many // 9
        return middle_of(
            middle_of(x[left], x[left + i], x[left + 2 * i]),
            middle_of(x[left + 3 * i], x[left + 4 * i], x[left + 5 * i]),
            middle_of(x[left + 6 * i], x[left + 7 * i], x[left + 8 * i]),
        )
    for i in range(PIVOTS):
        sample[i] = x[left + (2 * i + 1) * many // (2 * PIVOTS)]
    exchange_all(sample, EXCHANGED_PIVOTS, EXCHANGES_OF_PIVOTS)
    place = (k - left) * PIVOTS // many
    place += PIVOTS // 8 if 2 * (k - left) < many else -(PIVOTS // 8)
    return sample[min(max(place, 0), PIVOTS - 1)]


cdef inline double select(double *x, Py_ssize_t n, Py_ssize_t k) noexcept nogil:
    """The k-th smallest, which then stands at k with no larger one before it (Hoare 1961)."""
    cdef Py_ssize_t left = 0, end = n, middle
    cdef double pivot
    while end - left > 1:
        pivot = pivot_for(x, left, end, k)
        middle = below(x, left, end, pivot)
        if k < middle:
            end = middle
        elif middle > left:
            left = middle
        else:  # it is the least of all that are left
            left = up_to(x, middle, end, pivot)
            if k < left or left == middle:  # nothing is equal to NaN
                return pivot
    return x[k]


cdef inline double middle_value(double *x, Py_ssize_t n) noexcept nogil:
    """As `robust.median`; changes the order."""
    cdef Py_ssize_t half = n // 2, i
    cdef double high, low
    if n <= FEW_VALUES:
        if n == FEW_VALUES:
            exchange_all(x, EXCHANGED_FEW, EXCHANGES_OF_FEW)
        else:
            order_few(x, n)
        return x[half] if n % 2 else x[half - 1] / 2 + x[half] / 2
    high = select(x, n, half)
    if n % 2:
        return high
    low = x[0]
    for i in range(1, half):
        low = larger(low, x[i])
    return low / 2 + high / 2


cdef inline Py_ssize_t taken(
    const double *x, Py_ssize_t n, Py_ssize_t stride, double *out
) noexcept nogil:
    """Copies every so manieth value; how many."""
    cdef Py_ssize_t i, count = (n + stride - 1) // stride
    for i in range(count):
        out[i] = x[i * stride]
    return count


cdef inline double median_of(const double *x, Py_ssize_t n, double *work) noexcept nogil:
    return middle_value(work, taken(x, n, 1, work))


cdef inline double select_of(
    const double *x, Py_ssize_t n, Py_ssize_t k, double *work
) noexcept nogil:
    return select(work, taken(x, n, 1, work), k)


cdef inline void smooth_3(const double *x, Py_ssize_t n, double *out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(1, n - 1):
        out[i] = middle_of(x[i - 1], x[i + 1], x[i])
    out[0], out[n - 1] = x[0], x[n - 1]


cdef inline double middle_of_5(double a, double b, double c, double d, double e) noexcept nogil:
    """Of two pairs the larger of the lesser and the lesser of the larger, and the fifth."""
    return middle_of(
        larger(smaller(a, b), smaller(c, d)), smaller(larger(a, b), larger(c, d)), e
    )


cdef inline void smooth_5(const double *x, Py_ssize_t n, double *out) noexcept nogil:
    cdef Py_ssize_t i, at, last = n - 1
    for i in range(2, n - 2):
        out[i] = middle_of_5(x[i - 2], x[i - 1], x[i + 1], x[i + 2], x[i])
    for i in range(min(n, 4)):
        at = i if i < 2 else n + 1 - i
        out[at] = middle_of_5(
            x[max(at - 2, 0)], x[max(at - 1, 0)], x[min(at + 1, last)], x[min(at + 2, last)], x[at]
        )


cdef inline void running_medians(
    const double *x, Py_ssize_t n, Py_ssize_t width, double *out
) noexcept nogil:
    """Of an odd width up to LEVELS, in a window that is kept in order."""
    cdef double window[LEVELS]
    cdef Py_ssize_t i, half = width // 2
    for i in range(width):
        insert(window, i, x[min(max(i - half, 0), n - 1)])
    for i in range(n - 1):
        out[i] = window[half]
        if width < MOVED_AT_ONCE:
            exchange(window, width, x[max(i - half, 0)], x[min(i + 1 + half, n - 1)])
        else:
            exchange_of_many(window, width, x[max(i - half, 0)], x[min(i + 1 + half, n - 1)])
    out[n - 1] = window[half]


cdef inline double least_of(const double *x, Py_ssize_t n) noexcept nogil:
    """The least of at least one value, in four chains that do not wait for each other."""
    cdef double least[4]
    cdef Py_ssize_t i, whole = n // 4 * 4
    for i in range(4):
        least[i] = x[0]
    for i in range(0, whole, 4):
        least[0] = smaller(x[i], least[0])
        least[1] = smaller(x[i + 1], least[1])
        least[2] = smaller(x[i + 2], least[2])
        least[3] = smaller(x[i + 3], least[3])
    for i in range(whole, n):
        least[0] = smaller(x[i], least[0])
    return smaller(smaller(least[0], least[1]), smaller(least[2], least[3]))


cdef inline void insert(double *ordered, Py_ssize_t n, double value) noexcept nogil:
    cdef Py_ssize_t i = n
    while i > 0 and ordered[i - 1] > value:
        ordered[i] = ordered[i - 1]
        i -= 1
    ordered[i] = value


cdef inline void exchange(double *ordered, Py_ssize_t n, double old, double new) noexcept nogil:
    """Puts one value in the place of another, without a branch that depends on them."""
    cdef double before = new, kept = new
    cdef Py_ssize_t i
    for i in range(n - 1):
        kept = ordered[i] if ordered[i] < old else ordered[i + 1]
        ordered[i] = smaller(kept, new) if i == 0 else larger(before, smaller(kept, new))
        before = kept
    ordered[n - 1] = larger(before, new)


cdef inline Py_ssize_t first_not_below(
    const double *ordered, Py_ssize_t n, double value
) noexcept nogil:
    cdef Py_ssize_t first = 0, half
    while n > 1:
        half = n // 2
        first += half * (ordered[first + half - 1] < value)
        n -= half
    return first + (ordered[first] < value)


cdef inline void exchange_of_many(
    double *ordered, Py_ssize_t n, double old, double new
) noexcept nogil:
    """The same, by moving what lies between both at once."""
    cdef Py_ssize_t hole = first_not_below(ordered, n, old)
    cdef Py_ssize_t place = first_not_below(ordered, n, new)
    if place > hole:
        place -= 1
        memmove(ordered + hole, ordered + hole + 1, (place - hole) * sizeof(double))
    else:
        memmove(ordered + place + 1, ordered + place, (hole - place) * sizeof(double))
    ordered[place] = new


cdef inline double median_of_4(const double *x) noexcept nogil:
    """Of two pairs the larger of the lesser, the lesser of the larger, and halfway between."""
    return larger(smaller(x[0], x[1]), smaller(x[2], x[3])) / 2 + (
        smaller(larger(x[0], x[1]), larger(x[2], x[3])) / 2
    )


cdef inline Py_ssize_t window_medians(
    const double *y, Py_ssize_t n, Py_ssize_t width, Py_ssize_t count, double *out, double *work
) noexcept nogil:
    """As `robust.window_medians`; how many there are."""
    cdef Py_ssize_t whole = min(count, n // width), stride = max(1, width // SAMPLE) | 1
    cdef Py_ssize_t i, some
    cdef const double *window
    for i in range(whole):
        window = y + n - (whole - i) * width
        if width == 1:
            out[i] = window[0]
            continue
        if width == 2:
            out[i] = window[0] / 2 + window[1] / 2
            continue
        if width == 4:
            out[i] = median_of_4(window)
            continue
        some = taken(window, width, stride, work)
        out[i] = middle_value(work, some)
    return whole


cdef inline int compared(const void *a, const void *b) noexcept nogil:
    cdef double x = (<const double *>a)[0], y = (<const double *>b)[0]
    return (x > y) - (x < y)


cdef inline double noise_of_points(const double *y, Py_ssize_t n, double *work) noexcept nogil:
    """As `robust.noise_of_points`."""
    cdef Py_ssize_t i, at, stride = max(1, n // ENOUGH_DIFFERENCES)
    cdef Py_ssize_t count = (n - 3 + stride) // stride
    cdef double noise
    if n < 3:
        return 0.0
    for i in range(count):
        at = i * stride
        work[i] = fabs(y[at] - 2 * y[at + 1] + y[at + 2])
    noise = MAD_TO_SIGMA * middle_value(work, count) / ROOT_6
    if noise > 0:
        return noise
    qsort(work, count, sizeof(double), compared)
    count = max(1, <Py_ssize_t>(0.95 * count))
    for i in range(count):
        work[i] *= work[i]
    return sqrt(sum_of(work, count) / count / 6)


cdef inline double noise_of_changes(const double *level, Py_ssize_t n, double *work) noexcept nogil:
    """From second differences of levels."""
    cdef Py_ssize_t i
    if n < 3:
        return 0.0
    for i in range(n - 2):
        work[i] = fabs((level[i + 2] - level[i + 1]) - (level[i + 1] - level[i]))
    return MAD_TO_SIGMA * middle_value(work, n - 2) / ROOT_6


cdef inline double noise_of_levels(const double *level, Py_ssize_t n, double *work) noexcept nogil:
    cdef double slow = 0.0
    cdef Py_ssize_t i
    if n >= 16:
        running_medians(level, n, max(5, n // 5 | 1), work)
        for i in range(n):
            work[i] = fabs(level[i] - work[i])
        slow = MAD_TO_SIGMA * middle_value(work, n)
    return larger(slow, noise_of_changes(level, n, work))


cdef inline void medians_to_the_end(
    const double *level, Py_ssize_t n, double *centre, double *ordered
) noexcept nogil:
    """As `_levels_python._medians_to_the_end`."""
    cdef Py_ssize_t i, many
    for i in range(n - 1, -1, -1):
        many = n - i
        insert(ordered, many - 1, level[i])
        centre[i] = ordered[many // 2]
        if many % 2 == 0:
            centre[i] = (ordered[many // 2 - 1] + centre[i]) / 2


cdef inline double sum_of(const double *x, Py_ssize_t n) noexcept nogil:
    """As NumPy adds, in pairs (Higham 1993): its bits are those of a mean in Python."""
    cdef double part[8]
    cdef double total = 0.0
    cdef Py_ssize_t i, half
    if n > 128:
        half = n // 2 // 8 * 8
        return sum_of(x, half) + sum_of(x + half, n - half)
    if n < 8:
        for i in range(n):
            total += x[i]
        return total
    for i in range(8):
        part[i] = x[i]
    for i in range(8, n // 8 * 8):
        part[i % 8] += x[i]
    total = ((part[0] + part[1]) + (part[2] + part[3]))
    total += (part[4] + part[5]) + (part[6] + part[7])
    for i in range(n // 8 * 8, n):
        total += x[i]
    return total


cdef inline Py_ssize_t split_of(const double *y, Py_ssize_t n) noexcept nogil:
    """As `_levels_python.least_squares_split`."""
    cdef double mean = sum_of(y, n) / n, total = 0.0, explained, best = -1.0
    cdef Py_ssize_t i, found = 1
    for i in range(1, n):
        total += y[i - 1] - mean
        explained = total * total * (1.0 / i + 1.0 / (n - i))
        if explained > best:
            best, found = explained, i
    return found


cdef inline Py_ssize_t window_means(
    const double *y, Py_ssize_t n, Py_ssize_t width, double *level, double *work
) noexcept nogil:
    """As `robust.window_means`; how many there are."""
    cdef Py_ssize_t count = n // width, i, j, some
    cdef const double *window
    cdef double low, high
    window_medians(y, n, width, count, level, work)
    if width == 1:
        return count
    for i in range(count):
        window = y + n - (count - i) * width
        for j in range(width):
            work[i * width + j] = window[j] - level[i]
    some = taken(work, count * width, max(1, count * width // ENOUGH_DIFFERENCES), work)
    low = select(work, some, <Py_ssize_t>(0.05 * (some - 1) + 0.5))
    high = select(work, some, <Py_ssize_t>(0.95 * (some - 1) + 0.5))
    for i in range(count):
        window = y + n - (count - i) * width
        for j in range(width):
            work[j] = smaller(larger(window[j] - level[i], low), high)
        level[i] += sum_of(work, width) / width
    return count
