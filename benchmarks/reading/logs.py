"""Log directories to read, made as torch's SummaryWriter makes them, but by NumPy in seconds.

The scalars of `one_series` are those of tbparse's published profiling scripts: one tag ``y=2x``
whose value is its step. Records of equal length are made all at once, as rows of an array of bytes.
"""

from __future__ import annotations

import shutil
import struct
from typing import TYPE_CHECKING

import google_crc32c
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

START = 1_760_000_000.0  # wall time of the first event, seconds since the epoch
SECONDS_PER_STEP = 0.25
SECONDS_PER_TAG = 0.0001  # between the values of one step
ONE_TAG = ("y=2x",)
TRAINING_TAGS = (
    *(f"loss/{name}" for name in ("train", "val", "policy", "value", "entropy", "total")),
    *(f"accuracy/{name}" for name in ("train", "val", "top5")),
    *(f"optimizer/{name}" for name in ("learning_rate", "grad_norm", "weight_norm", "momentum")),
    *(f"performance/{name}" for name in ("samples_per_second", "step_time_ms", "gpu_memory_gib")),
    *(f"episode/{name}" for name in ("reward", "length", "success_rate")),
    "epoch",
)

# Steps made at once: few enough that the arrays stay small.
_STEPS_AT_ONCE = 1 << 16
# Further runs are copies of these.
_DISTINCT_RUNS = 50
# Bytes of a picture and of a histogram, as 256 x 256 pixels of noise and 4,096 buckets have them.
_IMAGE_BYTES = 196_000
_BUCKETS = 4_096


def masked_crcs(rows: Bytes) -> NDArray[np.uint32]:
    """The CRC-32C of each row, masked as in TFRecord: rotated right by 15 bits, plus a constant.

    Args:
        rows: uint8 [records, bytes].
    """
    content, size = rows.tobytes(), rows.shape[1]
    starts = range(0, len(content), size)
    crc = np.array([google_crc32c.value(content[at : at + size]) for at in starts], np.uint32)
    return (((crc >> 15) | (crc << 17)) + np.uint32(0xA282EAD8)).astype(np.uint32, copy=False)


def frames(events: Bytes) -> Bytes:
    """Records around events of one length.

    Args:
        events: uint8 [records, bytes].

    Returns:
        uint8 [records, bytes + 16]: u64 length, u32 masked CRC of it, event, u32 masked CRC of it.
    """
    count, length = events.shape
    header = np.frombuffer(struct.pack("<Q", length), np.uint8)
    header = np.concatenate([header, _as_bytes(masked_crcs(header[None]))[0]])
    return np.hstack([np.tile(header, (count, 1)), events, _as_bytes(masked_crcs(events))])


def _as_bytes(numbers: NDArray[np.generic]) -> Bytes:
    return numbers.view(np.uint8).reshape(len(numbers), -1)


def _varint_size(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)


def _varints(numbers: NDArray[np.int64], size: int) -> Bytes:
    """Protocol buffers' varints of numbers that all need `size` bytes."""
    groups = numbers[:, None] >> (7 * np.arange(size)) & 0x7F
    groups[:, :-1] |= 0x80
    return groups.astype(np.uint8)


def _varint(number: int) -> bytes:
    return _varints(np.array([number]), _varint_size(number)).tobytes()


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes or a message."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def scalar_events(
    tag: str, steps: NDArray[np.int64], wall_times: NDArray[np.float64], values: NDArray[np.float32]
) -> Bytes:
    """Events of one scalar each, whose steps need equally many bytes.

    Event: 1 wall_time (double), 2 step (varint, left out where 0), 5 summary {1 value {1 tag, 2
    simple_value (float)}}.

    Args:
        tag: Their tag.
        steps: int64 [events].
        wall_times: float64 [events], seconds since the epoch.
        values: float32 [events].

    Returns:
        uint8 [events, bytes].
    """
    name = _field(1, tag.encode())
    value = _varint(1 << 3 | 2) + _varint(len(name) + 5) + name + b"\x15"
    summary = _varint(5 << 3 | 2) + _varint(len(value) + 4) + value
    columns = [_constant(b"\x09", len(steps)), _as_bytes(wall_times)]
    if steps[0]:
        columns += [_constant(b"\x10", len(steps)), _varints(steps, _varint_size(int(steps[0])))]
    return np.hstack([*columns, _constant(summary, len(steps)), _as_bytes(values)])


def _constant(content: bytes, count: int) -> Bytes:
    return np.tile(np.frombuffer(content, np.uint8), (count, 1))


def _stretches(steps: int) -> Iterator[NDArray[np.int64]]:
    """The steps from 0 on, in stretches that need equally many bytes."""
    first = 0
    while first < steps:
        end = 1 if first == 0 else 1 << 7 * _varint_size(first)
        end = min(steps, end, first + _STEPS_AT_ONCE)
        yield np.arange(first, end)
        first = end


def _first_record() -> bytes:
    event = b"\x09" + struct.pack("<d", START) + _field(3, b"brain.Event:2")
    return frames(np.frombuffer(event, np.uint8)[None]).tobytes()


def write_scalars(path: Path, tags: Sequence[str], steps: int, *, seed: int | None = None) -> None:
    """Writes an event file with one value of each tag at each step.

    Args:
        path: The file; its directory is made.
        tags: Their names.
        steps: How many, from 0 on.
        seed: Of noisy falling curves; without, each value is its step.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(_first_record())
        for stretch in _stretches(steps):
            records = []
            for number, tag in enumerate(tags):
                first_time = START + number * SECONDS_PER_TAG
                wall_times = np.add(first_time, stretch * SECONDS_PER_STEP, dtype=np.float64)
                values = stretch.astype(np.float32)
                if seed is not None:
                    decay = (number + 1) / (1 + stretch / 20)
                    values = (decay * noise.lognormal(sigma=0.1, size=decay.size)).astype("f4")
                records.append(frames(scalar_events(tag, stretch, wall_times, values)))
            file.write(np.hstack(records).tobytes())


def _event_file(directory: Path) -> Path:
    return directory / f"events.out.tfevents.{START:.0f}.node1.1.0"


def one_series(logdir: Path, points: int) -> None:
    """One file with one series, that of tbparse's profiling scripts."""
    write_scalars(_event_file(logdir), ONE_TAG, points)


def training_series(logdir: Path, points: int) -> None:
    """One file with the twenty tags of a training, in turn."""
    write_scalars(_event_file(logdir), TRAINING_TAGS, points // len(TRAINING_TAGS), seed=0)


def many_runs(logdir: Path, runs: int, steps: int = 100) -> None:
    """Small runs: twenty tags, each with as many points as there are steps."""
    for run in range(runs):
        path = _event_file(logdir / f"seed{run % 10}" / f"run{run:04}")
        if run < _DISTINCT_RUNS:
            write_scalars(path, TRAINING_TAGS, steps, seed=run)
        else:
            twin = run % _DISTINCT_RUNS
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_event_file(logdir / f"seed{twin % 10}" / f"run{twin:04}"), path)


def small_runs(logdir: Path, runs: int) -> None:
    """Runs as small as those of a sweep: twenty tags with ten points each."""
    many_runs(logdir, runs, steps=10)


def long_runs(logdir: Path, runs: int) -> None:
    """Runs as long as those of a training: twenty tags with ten thousand points each."""
    many_runs(logdir, runs, steps=10_000)


def directories(logdir: Path, runs: int) -> None:
    """Runs without a record, a thousand of them below each directory."""
    for run in range(runs):
        folder = logdir / f"group{run // 1000}" / f"run{run % 1000}"
        folder.mkdir(parents=True)
        (folder / "events.out.tfevents.1").touch()


def random_runs(
    logdir: Path, runs: int, tags: int, points: int, first: int = 0, session: int = 0
) -> None:
    """Runs of random numbers, as tbtools writes them.

    Args:
        logdir: Where to.
        runs: How many.
        tags: How many each has.
        points: How many each of these has.
        first: The first step.
        session: How many sessions, of some months each, were before it.
    """
    from tbtools.render.event_files import write_runs

    steps = np.arange(first, first + points, dtype=np.int64)
    times = 1.7e9 + 1e7 * session + steps
    random = np.random.default_rng(0)

    def run() -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        return {f"tag{tag}": (steps, times, random.normal(size=points)) for tag in range(tags)}

    write_runs(((f"seed{seed}", [run()]) for seed in range(runs)), logdir, command="benchmark")


def _payload_record(step: int, tag: str, value: bytes) -> bytes:
    """A record with one Summary.Value, whose fields but the tag are given as bytes."""
    head = b"\x09" + struct.pack("<d", START + step * SECONDS_PER_STEP)
    head += b"\x10" + _varint(step) if step else b""
    event = head + _field(5, _field(1, _field(1, tag.encode()) + value))
    return frames(np.frombuffer(event, np.uint8)[None]).tobytes()


def _histogram(values: NDArray[np.float64]) -> bytes:
    """Summary.Value.histo: 1 min, 2 max, 3 num, 4 sum, 5 sum_squares, 6 limits, 7 counts."""
    counts, edges = np.histogram(values, _BUCKETS)
    numbers = (values.min(), values.max(), values.size, values.sum(), (values**2).sum())
    fields = b"".join(
        _varint(number << 3 | 1) + struct.pack("<d", value)
        for number, value in enumerate(numbers, start=1)
    )
    fields += _field(6, edges[1:].tobytes()) + _field(7, counts.astype(np.float64).tobytes())
    return _field(5, fields)


def pictures(logdir: Path, size: int) -> None:
    """One file of about `size` bytes, half of it pictures, half histograms.

    The pictures are noise in place of PNG data: nobody who sums up a log decodes them.
    Summary.Value.image: 1 height, 2 width, 3 colorspace, 4 encoded_image_string.
    """
    random = np.random.default_rng(0)
    path = _event_file(logdir)
    path.parent.mkdir(parents=True, exist_ok=True)
    histogram = _histogram(random.normal(size=100_000))
    per_step = max(1, round(_IMAGE_BYTES / len(histogram)))
    with path.open("wb") as file:
        file.write(_first_record())
        step = 0
        while file.tell() < size:
            encoded = _field(4, random.bytes(_IMAGE_BYTES))
            image = b"\x08" + _varint(256) + b"\x10" + _varint(256) + b"\x18\x03" + encoded
            file.write(_payload_record(step, "samples/image", _field(4, image)))
            for layer in range(per_step):
                file.write(_payload_record(step, f"weights/layer{layer}", histogram))
            step += 1
