"""The exit status of a process that a library ends: that of trouble, never a verdict's.

OpenBLAS calls exit(1) where it finds no memory for its buffers, and 1 is a verdict of ours.
"""

from libc.stdlib cimport atexit

import atexit as python_atexit

cdef extern from "stdlib.h" nogil:
    void end_now "_Exit" (int status)

cdef bint ends_in_order = False
cdef int held = 0


cdef void _end() noexcept nogil:
    if not ends_in_order:
        end_now(held)


def _in_order():
    global ends_in_order
    ends_in_order = True


def hold(int status):
    """Lets the process end with this status where it is not Python that ends it."""
    global held
    held = status
    python_atexit.register(_in_order)
    atexit(_end)
