# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""The compiled scan: a file's bytes to columns, without the GIL.

`_scan_protobuf.Scanner` is the same in Python; what each column means stands in `scan.py`.

Every read is checked against the end of the bytes at hand: the readers below take (p, end), return
the place behind what they read, and NULL where the bytes are no protobuf. The rules are those of
protobuf's own parser: a key has at most 5 bytes and a number above 0 (not so inside unknown groups,
of which it reads no numbers), a length at most 2**31 - 1, fields of an unexpected wire type are
skipped like unknown ones, the last member of a oneof wins.

The parts that are included build on those before them.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

import os

cdef extern from "_repeat.h" nogil:
    ctypedef struct Rows "tbtools_rows":
        size_t count
        size_t capacity
        bint wide
        int32_t *shape
        int64_t *step
        double *wall_time
        void *number
    ctypedef struct Shape "tbtools_shape":
        int64_t gap
        int32_t tag_id
        uint32_t length
        int32_t older
        int32_t next
        int32_t layout
        uint8_t kind
        uint8_t dtype
    ctypedef struct Layout "tbtools_layout":
        size_t pattern
        size_t pattern_room
        int64_t behind
        uint32_t left
        uint32_t data_size
        uint32_t number_at
        int32_t shape
        uint8_t number_size
        uint8_t step_size
    ctypedef struct Place "tbtools_place":
        const Shape *shapes
        const Layout *layouts
        const uint8_t *patterns
        const uint8_t *record
        const uint8_t *end
        int64_t behind
        int32_t last
    size_t tbtools_pattern_size(const Layout *layout)
    void tbtools_complete(Layout *layout, const uint8_t *record, uint8_t *pattern)
    void tbtools_read_repeats(Place *place, Rows *rows)
    void *tbtools_resized(void *memory, size_t used, size_t size)

cdef extern from "_crc32c.h" nogil:
    void tbtools_crc_init()
    int tbtools_crc_by_instruction
    uint32_t tbtools_crc32c(const uint8_t *data, size_t size)
    uint32_t tbtools_crc_by_table(uint32_t crc, const uint8_t *data, size_t size)
    uint32_t tbtools_masked_crc32c(const uint8_t *data, size_t size)

tbtools_crc_init()

# Of the hashes of tags, so that no file can be made of tags that share one. Once a process: small
# files are scanned in the time of a few system calls.
cdef uint64_t _seed = int.from_bytes(os.urandom(8), "little")

cdef enum:
    HEADER = 12          # u64 length, u32 masked CRC of it
    FRAME = 16           # the header, and the u32 masked CRC of the data behind the data
    MAX_DEPTH = 100      # of messages and unknown groups inside each other, as in protobuf
    STEP_AT = 10         # in an event that begins with a wall time and a step, as all do
    VERSION_BYTES = 64   # of file_version that are kept
    RESYNC_EFFORT = 8    # bytes checked in searches for a record, at most, per byte of the file
    MOST_SHAPES = 32     # of one tag that tell where its values lie
    MOST_LAID_OUT = 1024 # bytes of a record that is compared with an earlier one
    LONGEST_STEP = 8     # bytes of a step in such a record
    SMALLEST = 28        # bytes of a record of one number
    EXPECTING = 1024     # rows after which it is known how many there will be

# Problem kinds; scan.py names them.
cdef enum:
    BAD_LENGTH = 1
    BAD_DATA = 2
    UNDECODABLE = 3
    TRUNCATED = 4
    BROKEN_OFF = 5
    CUT_OFF = 6

include "_scan_wire.pxi"
include "_scan_tensor.pxi"
include "_scan_tables.pxi"
include "_scan_event.pxi"
include "_scan_columns.pxi"
include "_scan_records.pxi"


cdef class Scanner(Collector):
    """Turns the bytes of one event file into columns, stretch by stretch.

    Args:
        size: How long the file is taken to be; bytes behind it are left for the next scan.
        position: Where to start: 0, or the position that an earlier scan of the file ended with.
        tags: Tag names and declared plugin names (bytes) that an earlier scan found, in order, so
            that the ids stay the same.

    Attributes:
        cursor: Offset of the first byte that is still needed.
        wanted: How many bytes from the cursor are needed to go on; 0 at the end of the file.
    """

    cdef Damage damage
    cdef readonly int64_t cursor
    cdef readonly int64_t wanted
    cdef bint searching         # for a whole record, behind what is wrong at `position`
    cdef int wrong              # what that is: BAD_LENGTH or CUT_OFF
    cdef int64_t claimed_end    # of a record with bad data, in which others may begin; else 0
    cdef uint32_t bad_got
    cdef uint32_t bad_want
    cdef int64_t effort         # bytes that the search for records may still check
    cdef int64_t record_count
    cdef int64_t event_count

    def __cinit__(self, int64_t size, int64_t position=0, tags=()):
        cdef int32_t tag_id
        cdef bytes name, plugin
        self.size = size
        self.start = self.position = self.cursor = position
        self.wanted = min(<int64_t>HEADER, size - position)
        self.effort = RESYNC_EFFORT * size
        self.last_shape = -1
        self.last_record_end = -1
        self.version_size = -1
        self.seed = _seed
        for name, plugin in tags:
            tag_id = intern_tag(&self.tags, <Bytes><char *>name, len(name), -1, self.seed)
            if tag_id < 0:
                raise MemoryError
            # Known already: what is declared anew changes nothing.
            self.tags.entries[tag_id].metadata_offset = 0 if plugin else -1
            if not keep_bytes(&self.tags, <Bytes><char *>plugin, len(plugin),
                              &self.tags.entries[tag_id].plugin):
                raise MemoryError
            self.tags.entries[tag_id].plugin_size = len(plugin)

    def __dealloc__(self):
        free(self.damage.kind)
        free(self.damage.offset)
        free(self.damage.length)
        free(self.damage.got)
        free(self.damage.want)

    def feed(self, const uint8_t[::1] buffer, int64_t base, int64_t count):
        """Scans as far as the bytes go.

        Args:
            buffer: Holds bytes of the file.
            base: The offset in the file of the buffer's first byte; not behind the cursor.
            count: How many of the buffer's bytes are the file's.
        """
        cdef Bytes data
        cdef bint done
        if count < 0 or count > buffer.shape[0] or base > self.cursor or base + count > self.size:
            raise ValueError("the buffer does not hold what it is said to hold")
        if count == 0:
            return
        data = &buffer[0]
        with nogil:
            done = self.run(data, base, base + count)
        if not done:
            raise MemoryError

    def absorb(self, Scanner other not None):
        """Takes in what a scan has found that began further on in the same file, if this one has come
        to where that began as it would to any record; both together are one scan then.

        Args:
            other: The other one, which is not to be used any more.

        Returns:
            Whether it was taken in.
        """
        cdef int64_t effort = self.effort + other.effort - RESYNC_EFFORT * self.size
        cdef bint done
        # With less effort left than none, a single scan would have given up somewhere.
        if (self is other or self.size != other.size or self.cursor != other.start
                or self.position != other.start or self.searching or self.claimed_end
                or effort <= 0):
            return False
        with nogil:
            done = (self.append(other) and append_damage(&self.damage, &other.damage))
        if not done:
            raise MemoryError
        self.effort = effort
        self.cursor = other.cursor
        self.wanted = other.wanted
        self.searching = other.searching
        self.wrong = other.wrong
        self.claimed_end = other.claimed_end
        self.bad_got = other.bad_got
        self.bad_want = other.bad_want
        self.record_count += other.record_count
        self.event_count += other.event_count
        return True

    cdef bint run(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """False without memory. `data` holds the file from `base` to `limit`."""
        cdef int64_t here, length, left
        cdef uint32_t got, want
        cdef Bytes record
        cdef int found
        while True:
            if self.searching:
                found = self.search(data, base, limit)
                if found <= 0:
                    return found == 0
            if self.claimed_end:
                found = self.search_inside(data, base, limit)
                if found <= 0:
                    return found == 0
            if not self.read_repeated(data, base, limit):
                return False
            here = self.position
            left = self.size - here
            if left < HEADER:
                self.wanted = 0
                return True
            if limit - here < HEADER:
                self.cursor = here
                self.wanted = HEADER
                return True
            record = data + (here - base)
            got = tbtools_masked_crc32c(record, 8)
            want = load_u32(record + 8)
            if got != want:
                self.search_behind(BAD_LENGTH, got, want)
                continue
            if left < FRAME or load_u64(record) > <uint64_t>(left - FRAME):
                # The last record, which is still being written, or others begin where it broke off.
                self.search_behind(CUT_OFF, 0, 0)
                continue
            length = <int64_t>load_u64(record)
            if limit - here < length + FRAME:
                self.cursor = here
                self.wanted = length + FRAME
                return True
            got = tbtools_masked_crc32c(record + HEADER, length)
            want = load_u32(record + HEADER + length)
            if got != want:
                self.bad_got = got
                self.bad_want = want
                self.claimed_end = here + FRAME + length
                self.cursor = here + 1
                continue
            if not self.read_record(record, length):
                return False
            self.position = self.cursor = here + FRAME + length

    cdef void search_behind(self, int wrong, uint32_t got, uint32_t want) noexcept nogil:
        self.bad_got = got
        self.bad_want = want
        self.wrong = wrong
        self.searching = True
        self.cursor = self.position + 1

    cdef int search(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """Looks for a whole record behind one that cannot be read; 1 once one is found, 0 where more
        bytes are wanted or none are left, -1 without memory."""
        cdef int64_t length
        cdef Bytes candidate
        while self.size - self.cursor >= FRAME and self.effort > 0:
            if limit - self.cursor < HEADER:
                self.wanted = HEADER
                return 0
            candidate = data + (self.cursor - base)
            # Comparing the length first is cheaper, and rules out nearly everything.
            if (load_u64(candidate) <= <uint64_t>(self.size - self.cursor - FRAME)
                    and tbtools_masked_crc32c(candidate, 8) == load_u32(candidate + 8)):
                length = <int64_t>load_u64(candidate)
                if limit - self.cursor < length + FRAME:
                    self.wanted = length + FRAME
                    return 0
                self.effort -= length
                if (tbtools_masked_crc32c(candidate + HEADER, length)
                        == load_u32(candidate + HEADER + length)):
                    if not self.note(self.wrong, self.cursor - self.position, self.bad_got,
                                     self.bad_want):
                        return -1
                    self.position = self.cursor
                    self.searching = False
                    return 1
            self.cursor += 1
        self.wanted = 0
        return 0

    cdef int search_inside(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """Looks in a record with bad data for whole records that lead behind its end: it broke off
        there, and another writer went on. Tells the damage and returns 1; 0 where more bytes are
        wanted, -1 without memory."""
        cdef int64_t ahead, length, checked
        cdef Bytes candidate
        while (self.cursor < self.claimed_end and self.size - self.cursor >= FRAME
                and self.effort > 0):
            ahead = self.cursor
            checked = 0
            while ahead < self.claimed_end and self.size - ahead >= FRAME:
                if limit - ahead < HEADER:
                    self.wanted = ahead + HEADER - self.cursor
                    return 0
                candidate = data + (ahead - base)
                if (load_u64(candidate) > <uint64_t>(self.size - ahead - FRAME)
                        or tbtools_masked_crc32c(candidate, 8) != load_u32(candidate + 8)):
                    break
                length = <int64_t>load_u64(candidate)
                if limit - ahead < length + FRAME:
                    self.wanted = ahead + length + FRAME - self.cursor
                    return 0
                checked += length
                if (tbtools_masked_crc32c(candidate + HEADER, length)
                        != load_u32(candidate + HEADER + length)):
                    break
                ahead += length + FRAME
            self.effort -= checked
            if ahead >= self.claimed_end:
                return self.pass_over(BROKEN_OFF, self.cursor)
            # What begins at a record of those that led nowhere leads nowhere, too.
            self.cursor = max(self.cursor + 1, ahead)
        return self.pass_over(BAD_DATA, self.claimed_end)

    cdef int pass_over(self, int kind, int64_t end) noexcept nogil:
        """Goes on at `end`, with what is in front of it as damage; -1 without memory, else 1."""
        if not self.note(kind, end - self.position, self.bad_got, self.bad_want):
            return -1
        self.position = self.cursor = end
        self.claimed_end = 0
        return 1

    cdef bint read_repeated(self, Bytes data, int64_t base, int64_t limit) noexcept nogil:
        """Reads on while each record is laid out like an earlier one, namely the one that came
        next the last time; False without memory."""
        cdef Rows *rows = &self.rows
        cdef Place place
        cdef size_t before = rows.count
        if self.last_shape < 0 or self.last_record_end != self.position:
            return True
        place.shapes = self.shapes.entries
        place.layouts = self.layouts.entries
        place.patterns = self.tags.arena
        place.record = data + (self.position - base)
        place.end = data + (limit - base)
        place.behind = self.position - self.last_end
        place.last = self.last_shape
        while True:
            tbtools_read_repeats(&place, rows)
            self.position = base + (place.record - data)
            if rows.count < rows.capacity:
                break
            if not grow_rows(rows, self.expected_rows(self.position)):
                return False
        self.cursor = self.last_record_end = self.position
        self.last_end = self.position - place.behind
        self.last_shape = place.last
        self.record_count += rows.count - before
        self.event_count += rows.count - before
        return True

    cdef bint read_record(self, Bytes record, int64_t length) noexcept nogil:
        """A whole record whose checksums hold; False without memory."""
        cdef Bytes data = record + HEADER
        cdef Event event
        cdef size_t before = self.rows.count
        self.record_count += 1
        self.record_end = self.position + length + FRAME
        if not read_event(data, data + length, &event) or (event.what == 5 and event.bad_value):
            return self.note(UNDECODABLE, length + FRAME, 0, 0)
        if event.what == 5:
            if not self.add_summaries(data, data + length, &event):
                return False
            if self.rows.count == before + 1 and not self.learn(record, length, &event):
                return False
        elif event.what and not self.add_mark(data, &event):
            return False
        self.event_count += 1
        return True

    cdef bint note(self, int kind, int64_t length, uint32_t got, uint32_t want) noexcept nogil:
        cdef size_t i = self.damage.count
        if not reserve_damage(&self.damage):
            return False
        self.damage.kind[i] = <uint8_t>kind
        self.damage.offset[i] = self.position
        self.damage.length[i] = length
        self.damage.got[i] = got
        self.damage.want[i] = want
        self.damage.count += 1
        return True

    def finish(self):
        """The columns found, as buffers; the scanner is empty afterwards.

        Returns:
            A dict whose keys and dtypes scan.py documents.
        """
        cdef int tail = 0
        cdef int64_t left = self.size - self.position
        cdef bint is_open = self.searching or self.claimed_end  # at what `bad_got` is told of
        cdef Damage *damage = &self.damage
        if self.searching:
            tail = self.wrong
        elif self.claimed_end:
            tail = BROKEN_OFF
        elif left:
            tail = TRUNCATED
        damage_count = damage.count
        damage.count = damage.capacity = 0
        return {
            **self.columns(),
            "damage_kind": take(<void **>&damage.kind, damage_count, 1),
            "damage_offset": take(<void **>&damage.offset, damage_count, sizeof(int64_t)),
            "damage_length": take(<void **>&damage.length, damage_count, sizeof(int64_t)),
            "damage_got": take(<void **>&damage.got, damage_count, sizeof(uint32_t)),
            "damage_want": take(<void **>&damage.want, damage_count, sizeof(uint32_t)),
            "tail": (tail, self.position, left, self.bad_got * is_open, self.bad_want * is_open),
            "position": self.position,
            "records": self.record_count,
            "events": self.event_count,
        }


def crc32c(const uint8_t[::1] data, bint by_table=False):
    """CRC-32C of bytes: by the instruction where the processor has one, or by table on request."""
    cdef Bytes start = &data[0] if data.shape[0] else NULL
    if by_table:
        return <uint32_t>~tbtools_crc_by_table(0xFFFFFFFF, start, data.shape[0])
    return tbtools_crc32c(start, data.shape[0])


def crc_by_instruction():
    """Whether the processor's own CRC instruction is in use."""
    return bool(tbtools_crc_by_instruction)
