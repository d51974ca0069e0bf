# cython: boundscheck=True, wraparound=False, initializedcheck=False, freethreading_compatible=True
# distutils: language = c++
"""Rows of numbers as lines of text, compiled; `tables.py` has the same in Python, for any cells."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.math cimport isfinite, isnan
from libc.stdint cimport int64_t
from libc.string cimport memcpy

import numpy as np

cdef extern from "_decimal.h" nogil:
    int LONGEST_NUMBER "TBTOOLS_LONGEST_NUMBER"
    char *write_float32 "tbtools_write_float<float>" (char *out, float value)
    char *write_float64 "tbtools_write_float<double>" (char *out, double value)
    char *write_integer "tbtools_write_integer" (char *out, int64_t value)

cdef enum:
    NOTHING, INTEGER, FLOAT32, FLOAT64

# Text in front of a number, and the column that has the number.
cdef struct Piece:
    const char *text
    Py_ssize_t size
    int kind
    const int64_t *integers
    const float *float32s
    const double *float64s


cdef inline char *put(char *out, const char *text, Py_ssize_t size) noexcept nogil:
    memcpy(out, text, size)
    return out + size


def lines(texts, columns, Py_ssize_t first, Py_ssize_t end, words):
    """Some rows as text.

    Args:
        texts: bytes: what stands in front of the first number of each row, between the numbers, and
            behind the last one.
        columns: The numbers: int64, float32 or float64 arrays.
        first: The first row.
        end: Behind the last row.
        words: bytes: what stands for NaN, infinity, and infinity below zero.
    """
    cdef const int64_t[::1] integers
    cdef const float[::1] float32s
    cdef const double[::1] float64s
    cdef Py_ssize_t i, row, count = len(texts), longest = 0
    cdef bytes nan = words[0], infinity = words[1], below = words[2]
    cdef const char *nan_text = nan
    cdef const char *infinity_text = infinity
    cdef const char *below_text = below
    cdef Py_ssize_t nan_size = len(nan), infinity_size = len(infinity), below_size = len(below)
    cdef double number
    cdef char *buffer = NULL
    cdef char *out
    cdef Piece *piece
    if len(columns) != count - 1 or not 0 <= first <= end:
        raise ValueError("there is a text too few or too many")
    if any(len(column) < end for column in columns):
        raise IndexError("a row is out of bounds")
    cdef Piece *pieces = <Piece *>PyMem_Malloc(count * sizeof(Piece))
    if pieces == NULL:
        raise MemoryError
    try:
        for i in range(count):
            piece = &pieces[i]
            piece.text, piece.size, piece.kind = texts[i], len(texts[i]), NOTHING
            longest += piece.size + max(LONGEST_NUMBER, nan_size, infinity_size, below_size)
            if i == count - 1 or first == end:
                continue
            if columns[i].dtype == np.int64:
                integers = columns[i]
                piece.kind, piece.integers = INTEGER, &integers[0]
            elif columns[i].dtype == np.float32:
                float32s = columns[i]
                piece.kind, piece.float32s = FLOAT32, &float32s[0]
            else:
                float64s = columns[i]
                piece.kind, piece.float64s = FLOAT64, &float64s[0]
        buffer = <char *>PyMem_Malloc(longest * (end - first) + 1)
        if buffer == NULL:
            raise MemoryError
        out = buffer
        with nogil:
            for row in range(first, end):
                for i in range(count):
                    piece = &pieces[i]
                    out = put(out, piece.text, piece.size)
                    if piece.kind == NOTHING:
                        continue
                    if piece.kind == INTEGER:
                        out = write_integer(out, piece.integers[row])
                        continue
                    number = piece.float32s[row] if piece.kind == FLOAT32 else piece.float64s[row]
                    if isnan(number):
                        out = put(out, nan_text, nan_size)
                    elif not isfinite(number):
                        if number > 0:
                            out = put(out, infinity_text, infinity_size)
                        else:
                            out = put(out, below_text, below_size)
                    elif piece.kind == FLOAT32:
                        out = write_float32(out, piece.float32s[row])
                    else:
                        out = write_float64(out, number)
        return PyUnicode_DecodeUTF8(buffer, out - buffer, "surrogatepass")
    finally:
        PyMem_Free(buffer)
        PyMem_Free(pieces)
