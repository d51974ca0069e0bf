"""Gives mutants of event files to both scans, for as long as told: ``make fuzz``.

A mutant on which the scans differ, break a rule or crash is made small and stored in
``regressions/``, where the tests find it. ``python -m tests.fuzz.fuzz --seconds 600`` runs it for
longer, and docs/testing.md tells how to run it on an extension built with sanitizers.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builders import frame
from tests.fuzz.checks import check_scans
from tests.fuzz.mutants import Generator, split_records
from tests.fuzz.pool import built_events, real_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGRESSIONS = Path(__file__).parent / "regressions"
BATCH = 1000


def mutant(seed: int, number: int, pool: list[bytes]) -> bytes:
    """Each can be made again without those before it."""
    return Generator(f"{seed}/{number}").file(pool)


def check(content: bytes) -> None:
    check_scans(content, random.Random(len(content)))


def fails(action: Callable[[], object], *, quiet: bool) -> bool:
    """Whether it raises or crashes, found out in a process of its own."""

    def run() -> None:
        if quiet:
            sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
        action()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    return process.exitcode != 0


def tell(text: str) -> None:
    """Prints at once, for a child would print again what it finds unwritten."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def shrink(content: bytes) -> bytes:
    """A smaller file that fails too: with events left out, and bytes of events."""
    try:
        events = split_records(content)
    except (IndexError, ValueError):
        return content
    if b"".join(map(frame, events)) != content:  # damaged on top: left as it is
        return content
    smaller = True
    while smaller:
        smaller = False
        for candidate in shorter(events):
            if fails(lambda found=candidate: check(b"".join(map(frame, found))), quiet=True):
                events, smaller = candidate, True
                break
    return b"".join(map(frame, events))


def shorter(events: list[bytes]) -> Iterator[list[bytes]]:
    for i, event in enumerate(events):
        yield events[:i] + events[i + 1 :]
        for size in (32, 8, 1):
            for start in range(0, len(event), size):
                yield [*events[:i], event[:start] + event[start + size :], *events[i + 1 :]]


def store(content: bytes) -> Path:
    REGRESSIONS.mkdir(exist_ok=True)
    path = REGRESSIONS / f"{hashlib.sha256(content).hexdigest()[:12]}.tfevents"
    path.write_bytes(content)
    return path


def run_batch(seed: int, first: int, pool: list[bytes]) -> int:
    """Checks mutants of consecutive numbers; returns how many failed."""
    numbers = range(first, first + BATCH)
    if not fails(lambda: [check(mutant(seed, i, pool)) for i in numbers], quiet=True):
        return 0
    failed = 0
    for number in numbers:
        content = mutant(seed, number, pool)
        if fails(lambda found=content: check(found), quiet=False):
            failed += 1
            tell(f"mutant {number} of seed {seed} fails: {store(shrink(content))}")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    root = Path(__file__).parents[2]
    corpus = root / os.environ.get("TBTOOLS_CORPUS", "../shared/corpus")
    files = sorted(path for path in corpus.rglob("*tfevents*") if path.is_file())
    pool = built_events() * 10 + real_events(files)
    tell(f"seed {arguments.seed}; events of {len(files)} real files")
    done = failed = 0
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        failed += run_batch(arguments.seed, done, pool)
        done += BATCH
    tell(f"{done} mutants, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
