"""`python -m benchmarks.judging`: what judging costs beside reading (docs/detection_measured.md).

CPU time, user and system, of all threads; each row's works in turn, the best of some rounds.
Imports are not counted. `--folder` keeps the logs, so that two versions can be measured on the
same.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import google_crc32c
import numpy as np

import tbtools
from benchmarks.reading.document import markdown_table
from tbtools.render.event_files import write_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_START = 1.7e9
_RUNS, _TAGS, _POINTS = 1000, 20, 100
_MANY_POINTS = 1_000_000


def sound(random: np.random.Generator, points: int) -> Floats:
    """A loss that falls as a power law, and has not come to its end."""
    progress = np.arange(1, points + 1) / points
    return (0.2 + progress**-0.5) * random.lognormal(sigma=0.02, size=points)


def jumped(random: np.random.Generator, points: int) -> Floats:
    """One that leaps at three fifths, and stays there."""
    loss = sound(random, points)
    loss[points * 3 // 5 :] *= 3
    return loss


def spiky(random: np.random.Generator, points: int) -> Floats:
    """One with a spike of two points."""
    loss = sound(random, points)
    loss[points * 3 // 5 :][:2] *= 4
    return loss


def at_rest(random: np.random.Generator, points: int) -> Floats:
    """One that has come to its end after a third."""
    progress = np.minimum(np.arange(points) / points, 1 / 3)
    return (1 + np.exp(-12 * progress)) * random.lognormal(sigma=0.02, size=points)


# What is measured, and of how many series each that are not sound there is one such.
_KINDS: dict[str, tuple[Callable[[np.random.Generator, int], Floats], int]] = {
    "all sound": (sound, 1),
    "a quarter of them jumped": (jumped, 4),
    "a quarter of them has a spike": (spiky, 4),
    "half of them came to rest": (at_rest, 2),
}


def write_kind(folder: Path, kind: str) -> Path:
    """The log directory of one kind, made where it is not there."""
    logs = folder / kind.replace(" ", "_")
    if not logs.exists():
        random = np.random.default_rng(0)
        steps, times = np.arange(_POINTS), _START + np.arange(_POINTS)
        other, every = _KINDS[kind]

        def series(tag: int) -> tuple[NDArray[np.int64], Floats, Floats]:
            curve = sound if tag % every else other
            return steps, times, curve(random, _POINTS)

        def runs() -> Iterator[tuple[str, list[dict[str, tuple[object, Floats, Floats]]]]]:
            for run in range(_RUNS):
                yield f"run{run:04}", [{f"part{tag}/loss": series(tag) for tag in range(_TAGS)}]

        write_runs(runs(), logs, command="benchmark")
    return logs


def write_long(folder: Path) -> Path:
    """A run of one long sound series, likewise."""
    logs = folder / "long"
    if not logs.exists():
        steps = np.arange(_MANY_POINTS)
        loss = sound(np.random.default_rng(0), _MANY_POINTS)
        write_runs([("run", [{"loss": (steps, _START + steps, loss)}])], logs, command="benchmark")
    return logs


def cpu_seconds(work: Callable[[], object]) -> float:
    """What one call takes."""
    before = _cpu_so_far()
    work()
    return _cpu_so_far() - before


def _cpu_so_far() -> float:
    """That of this process and of those that it has begun, which judge for it."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in both)


def best_of(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The least of each, in rounds in which they take turns."""
    taken = [[cpu_seconds(work) for work in works] for _ in range(rounds)]
    return [min(each) for each in zip(*taken, strict=True)]


def of_kind(folder: Path, kind: str, rounds: int) -> list[str]:
    """A row of the table."""
    logs = write_kind(folder, kind)
    read, judge = best_of(rounds, lambda: tbtools.read_scalars(logs), lambda: tbtools.detect(logs))
    found = len(tbtools.detect(logs))
    return [kind, f"{found:,}", f"{read:.2f}", f"{judge:.2f}", f"{judge / read:.1f}"]


def of_long(folder: Path, rounds: int) -> str:
    """What the long series takes, in checksum passes of its file."""
    logs = write_long(folder)
    [path] = logs.rglob("*.tfevents.*")

    checksum, read, judge = best_of(
        3 * rounds,
        lambda: google_crc32c.value(path.read_bytes()),
        lambda: tbtools.read_scalars(logs),
        lambda: tbtools.detect(logs),
    )
    return (
        f"{_MANY_POINTS:,} points in {path.stat().st_size / 1e6:.0f} MB: a checksum pass takes "
        f"{checksum:.4f} s, read_scalars {read / checksum:.1f} times that, "
        f"detect {judge / checksum:.1f} times"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judging", description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [of_kind(folder, kind, options.rounds) for kind in _KINDS]
        header = ["what", "findings", "read_scalars (s)", "detect (s)", "times read_scalars"]
        print(markdown_table(header, rows))
        print(of_long(folder, options.rounds))


if __name__ == "__main__":
    main()
