# cython: boundscheck=False, wraparound=False, cdivision=True
"""What is asked of levels again and again, compiled; `_levels_python` says what each function does."""

from libc.stdlib cimport free, malloc

import numpy as np

from tbtools.analysis.detect import _levels_python

include "_robust.pxi"


cdef double *copied(const double[:] x, Py_ssize_t more) except NULL:
    """A copy that may be put in order, with room for more behind it."""
    cdef Py_ssize_t i
    cdef double *out = <double *>malloc((x.shape[0] + more + 1) * sizeof(double))
    if out == NULL:
        raise MemoryError
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
