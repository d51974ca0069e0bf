"""The compiled scan as a fuzz target: bytes go to it without Python in between.

`guided.py` compiles this together with `scan_fuzzer.c`, which libFuzzer calls.
"""

include "_scan.pyx"

from libc.stdlib cimport abort

# So that an input takes the same way each time: it is the seed of a table.
os.urandom = bytes


cdef Scanner scanned(Bytes content, int64_t size, int64_t first):
    """What the scan finds that is given `first` bytes, and then all that it still needs.

    Each stretch lies in memory of its size, so that the sanitizer sees a read behind it.
    """
    cdef Scanner scanner = Scanner(size)
    cdef int64_t base = 0, limit = first
    cdef uint8_t *stretch
    cdef bint done
    while base < limit:
        stretch = <uint8_t *>malloc(limit - base)
        if stretch == NULL:
            abort()
        memcpy(stretch, content + base, limit - base)
        done = scanner.run(stretch, base, limit)
        free(stretch)
        if not done:
            abort()
        if limit == size or not scanner.wanted:
            break
        base, limit = scanner.cursor, size
    return scanner


cdef bint same(const void *a, const void *b, size_t size) noexcept:
    return size == 0 or memcmp(a, b, size) == 0


cdef bint alike(Scanner a, Scanner b) noexcept:
    cdef size_t rows = a.rows.count, places = a.places.count
    cdef size_t damaged = a.damage.count, width = sizeof(double) if a.rows.wide else sizeof(float)
    return (
        a.position == b.position and a.searching == b.searching
        and a.claimed_end == b.claimed_end
        and a.record_count == b.record_count and a.event_count == b.event_count
        and rows == b.rows.count and places == b.places.count and damaged == b.damage.count
        and a.tags.count == b.tags.count and a.marks.count == b.marks.count
        and a.rows.wide == b.rows.wide
        and same(a.rows.shape, b.rows.shape, rows * sizeof(int32_t))
        and same(a.rows.step, b.rows.step, rows * sizeof(int64_t))
        and same(a.rows.wall_time, b.rows.wall_time, rows * sizeof(double))
        and same(a.rows.number, b.rows.number, rows * width)
        and same(a.places.offset, b.places.offset, places * sizeof(int64_t))
        and same(a.places.length, b.places.length, places * sizeof(uint32_t))
        and same(a.damage.offset, b.damage.offset, damaged * sizeof(int64_t))
        and same(a.damage.kind, b.damage.kind, damaged)
    )


cdef public int tbtools_fuzz_scan(const uint8_t *content, size_t size) except -1:
    """Aborts where a scan in two stretches finds other things than one of the whole."""
    cdef Scanner whole = scanned(content, size, size)
    cdef int64_t first = tbtools_crc32c(content, size) % (size + 1) if size else 0
    if whole.position > <int64_t>size or not alike(whole, scanned(content, size, max(first, 1))):
        abort()
    return 0
