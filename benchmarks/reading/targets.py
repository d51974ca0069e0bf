"""What tbtools promises, as ratios of one run, and whether it kept it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.reading import workloads as names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.reading.measure import Result

    Results = Mapping[str, Mapping[str, Result]]

_RUST = "TensorBoard's Rust server"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise.

    Attributes:
        work: What is done.
        wanted: What was promised.
        measured: What came out, as text.
        met: Whether it was kept; None where nobody knows: a reader failed, or a busy machine.
    """

    work: str
    wanted: str
    measured: str
    met: bool | None


class _Judge:
    """Looks at the results by wall time, or on a busy machine by CPU time.

    Args:
        results: Workload to reader to its result.
        busy: Whether others used the machine.
    """

    def __init__(self, results: Results, *, busy: bool) -> None:
        self.results = results
        self.busy = busy
        self.time = "cpu_seconds" if busy else "seconds"

    def ratio(self, work: str, reader: str, attribute: str) -> float:
        """How many times what tbtools took another reader took."""
        of_work = self.results[work]
        return of_work[reader].median(attribute) / of_work["tbtools"].median(attribute)

    def frames(self, work: str, title: str) -> list[Target]:
        tbparse = self.ratio(work, "tbparse", self.time)
        rust = self.ratio(work, _RUST, self.time)
        checksum = 1 / self.ratio(work, "checksum", self.time)
        scan = self.ratio(work, "scan", self.time) * checksum
        memory = self.ratio(work, "tbparse", "peak_bytes")
        return [
            at_least(title, "400 x as fast as tbparse", tbparse, 400),
            at_least(title, "20 x as fast as TensorBoard's Rust server", rust, 20),
            at_most(title, "6 x the time of one checksum pass", checksum, 6),
            at_most(title, "3 x that for the scan alone, on one core", scan, 3),
            at_least(title, "tbparse's peak memory 4 x its own", memory, 4),
        ]

    def runs(self) -> list[Target]:
        title = "many runs, from the shell"
        # Differences of differences: a neighbour's load on one of them would be most of the answer.
        quarter, half, whole, *_ = (
            result.least("cpu_seconds") for result in self.results[names.LINEARITY].values()
        )
        growth = (whole - half) / (half - quarter)
        tbparse = self.ratio(names.RUNS, "tbparse", self.time)
        rust = 1 / self.ratio(names.RUNS, _RUST, self.time)
        return [
            at_most(title, "the time of TensorBoard's Rust server to load them", rust, 1),
            at_least(title, "20 x as fast as tbparse", tbparse, 20),
            at_most(title, "2.5 x the cost for 2 x as many more runs", growth, 2.5),
        ]

    def pictures(self) -> list[Target]:
        title = "pictures and histograms"
        of_work = self.results[names.PICTURES]
        growth = of_work["tbtools"].median("peak_bytes")
        growth /= of_work["tbtools, a third of it"].median("peak_bytes")
        speed = 1 / self.ratio(names.PICTURES, "checksum", self.time)
        return [
            at_most(title, "1.5 x the time of one checksum pass", speed, 1.5),
            at_most(title, "1.1 x the memory for 3 x the bytes", growth, 1.1),
        ]

    def second_look(self) -> list[Target]:
        of_work = self.results[names.SECOND_LOOK]
        runs, first, *_ = of_work.values()
        checksum = self.results[names.TRAINING]["checksum"].median(self.time)
        load = of_work["one file of scalars"].median(self.time) / checksum
        peak = first.median("peak_bytes") / 1e6
        return [
            at_most("a first look at 10,000 runs", "6 s", first.median(self.time), 6, " s"),
            at_most("a first look at 10,000 runs", "300 MB", peak, 300, " MB"),
            at_most("a second look at 10,000 runs", "1 s", runs.median(self.time), 1, " s"),
            at_most("a second load of one file", "the time of one checksum pass", load, 1),
        ]

    def reports(self) -> list[Target]:
        runs, long, *_ = self.results[names.REPORTS].values()
        peak = long.median("peak_bytes") / 1e6
        return [
            at_most("a report of 1,500 runs", "8 s", runs.median(self.time), 8, " s"),
            at_most("a report of 20 million points", "6 s", long.median(self.time), 6, " s"),
            at_most("a report of 20 million points", "500 MB", peak, 500, " MB"),
        ]

    def start_up(self) -> list[Target]:
        of_work = self.results[names.START_UP]
        help_, summary = (
            of_work[name].median("cpu_seconds") for name in ("tbtools --help", "tbtools summarize")
        )
        return [
            at_most("`tbtools --help`", "0.15 s of CPU", help_, 0.15, " s"),
            at_most("`tbtools summarize` of a small log", "0.35 s of CPU", summary, 0.35, " s"),
        ]


def at_least(work: str, what: str, value: float, bound: float, unit: str = " x") -> Target:
    """That something is so much or more; NaN where it was not measured."""
    return _target(work, f"at least {what}", value, unit, met=value >= bound)


def at_most(work: str, what: str, value: float, bound: float, unit: str = " x") -> Target:
    """That something is so much or less."""
    return _target(work, f"at most {what}", value, unit, met=value <= bound)


def _target(work: str, wanted: str, value: float, unit: str, *, met: bool) -> Target:
    if math.isnan(value):
        return Target(work, wanted, "", None)
    return Target(work, wanted, f"{value:,.3g}{unit}", met)


def judge(results: Results, *, busy: bool) -> list[Target]:
    """All targets.

    Args:
        results: Workload to reader to its result.
        busy: Whether others used the machine: then CPU time is judged in place of wall time.
    """
    of = _Judge(results, busy=busy)
    return [
        *of.frames(names.ONE_SERIES, "one file, one series"),
        *of.frames(names.TRAINING, "one file, twenty tags"),
        *of.runs(),
        *of.pictures(),
        *of.second_look(),
        *of.reports(),
        *of.start_up(),
    ]
