# cython: boundscheck=False, wraparound=False, cdivision=True
"""The loops of the exponential moving averages, compiled; `_ema_python` is the same in Python.

Both give the same bits: the operations are the same float64 operations in the same order. The build
forbids the compiler to fuse a multiplication with an addition, which would round once instead of
twice.
"""

from libc.math cimport pow


def debiased(const double[::1] values, double weight, double[::1] smoothed):
    """TensorBoard's moving average of finite values; see `_ema_python.debiased`."""
    cdef Py_ssize_t i
    cdef double last = 0.0, scale = 1.0 - weight, norm = 0.0
    with nogil:
        for i in range(values.shape[0]):
            last = last * weight + scale * values[i]
            if norm != 1.0:
                norm = 1.0 - pow(weight, <double>(i + 1))
            smoothed[i] = last / norm


def decaying(const double[::1] values, const double[::1] decays, double[::1] smoothed):
    """A moving average whose memory decays by its own factor at each value."""
    cdef Py_ssize_t i
    cdef double last = 0.0, norm = 0.0
    with nogil:
        for i in range(values.shape[0]):
            last = last * decays[i] + values[i]
            norm = norm * decays[i] + 1.0
            smoothed[i] = last / norm
