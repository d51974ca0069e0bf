"""Compares what a detector finds with what is true, and counts."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tbtools
from benchmarks.blind.every import EVERY
from benchmarks.blind.runs import prefixes
from benchmarks.blind.writing import write

if TYPE_CHECKING:
    from benchmarks.blind.runs import Family, LabelledRun, Truth

Finding = Mapping[str, Any]
Detect = Callable[[Path], list[Finding]]

ALARMS = frozenset({"warning", "error"})
# How loud a finding must be to have told someone: an info is enough for a spike, and for what goes
# wrong around the model.
TELLING = {
    kind: frozenset({"info", "warning", "error"})
    for kind in ("spike", "throughput", "learning_rate", "gradient", "loss_scale")
}

# One finding of these says it of several places.
NAMES_EACH = frozenset({"spike", "stall"})


def detect(logdir: Path) -> list[Finding]:
    """What tbtools finds, through its public interface."""
    findings: list[Finding] = tbtools.detect(logdir).to_dict()["findings"]
    return findings


@dataclass(frozen=True)
class Told:
    """How one label fared."""

    kind: str
    found: bool
    onset_right: bool
    best_right: bool | None
    as_error: bool


@dataclass(frozen=True)
class RunScore:
    """How one run fared.

    Attributes:
        told: One for each label.
        others: Kinds and severities of the warnings and errors that no label asks for and the
            family does not tolerate; for a healthy run these are all false alarms.
        cuts: At how many prefixes it was looked at.
        errors_at_cuts: Kinds of the errors there, one for each prefix that has some.
    """

    family: str
    seed: int
    told: tuple[Told, ...]
    others: tuple[tuple[str, str], ...]
    cuts: int
    errors_at_cuts: tuple[str, ...]


def score_run(family: Family, seed: int, detect: Detect = detect) -> RunScore:
    """Writes a run and its prefixes, has them judged, and compares."""
    run = family.run(seed)
    findings = _judged(run, detect)
    told = tuple(_told(truth, run, findings) for truth in run.truths)
    others = tuple(
        (finding["kind"], finding["severity"])
        for finding in findings
        if finding["severity"] in ALARMS
        and not any(truth.kind != "spike" and _says(finding, truth, run) for truth in run.truths)
        and not (finding["severity"] == "warning" and finding["kind"] in family.tolerated)
    )
    cuts = prefixes(run) if family.healthy and family.monitored else []
    errors = []
    for cut in cuts:
        kinds = [one["kind"] for one in _judged(cut, detect) if one["severity"] == "error"]
        errors.extend(kinds[:1])
    return RunScore(family.name, seed, told, others, len(cuts), tuple(errors))


def _judged(run: LabelledRun, detect: Detect) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        write(run, Path(folder))
        return detect(Path(folder))


def _says(finding: Finding, truth: Truth, run: LabelledRun) -> bool:
    """Whether it is about this trouble, whenever it says that it began."""
    name = f"{run.name}/{truth.run}" if truth.run else run.name
    return (
        finding["kind"] in {truth.kind, *truth.also}
        and finding["tag"] in truth.tags
        and finding["run"] == name
    )


def _told(truth: Truth, run: LabelledRun, findings: Iterable[Finding]) -> Told:
    telling = TELLING.get(truth.kind, ALARMS)
    right = [f for f in findings if _says(f, truth, run) and f["severity"] in telling]
    best = None
    if truth.best_window is not None:
        best = any(_within(finding["best_step"], truth.best_window) for finding in right)
    return Told(
        truth.kind,
        bool(right),
        any(_within(step, truth.window) for finding in right for step in _onsets(finding)),
        best,
        any(finding["severity"] == "error" for finding in right),
    )


def _onsets(finding: Finding) -> list[int | None]:
    """The steps at which a finding says that something began.

    All spikes of a series are one finding, and all stalls of a run, whose evidence names each.
    """
    steps = finding["evidence"].get("steps", []) if finding["kind"] in NAMES_EACH else []
    return [finding["onset_step"], *steps]


def _within(step: int | None, window: tuple[int, int]) -> bool:
    return step is not None and window[0] <= step <= window[1]


def score(
    families: Iterable[Family], seeds: Iterable[int], *, jobs: int = 1, detect: Detect = detect
) -> list[RunScore]:
    """All runs of the families, in order.

    Args:
        families: Which.
        seeds: One run of each family for each.
        jobs: How many processes; more than one only with tbtools' own detector.
        detect: Takes a log directory, gives findings with the keys of `tbtools detect`'s JSON.
    """
    todo = [(family, seed) for family in families for seed in seeds]
    if jobs == 1:
        return [score_run(family, seed, detect) for family, seed in todo]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_score_named, [(one.name, seed) for one, seed in todo], chunksize=4))


def _score_named(what: tuple[str, int]) -> RunScore:
    name, seed = what
    return score_run(next(one for one in EVERY if one.name == name), seed)


@dataclass
class Share:
    """So many of so many."""

    of: int = 0
    count: int = 0

    def add(self, hit: bool) -> None:
        """Counts one more."""
        self.of += 1
        self.count += hit

    def interval(self) -> tuple[float, float]:
        """Wilson's interval at 95 % (Wilson 1927)."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959964, self.of, self.count / self.of
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def __str__(self) -> str:
        if not self.of:
            return "-"
        low, high = (100 * end for end in self.interval())
        return (
            f"{self.count}/{self.of} = {100 * self.count / self.of:.1f} % [{low:.1f}, {high:.1f}]"
        )


@dataclass
class KindScore:
    """How the labels of one kind fared; onsets and best steps among those found."""

    found: Share = field(default_factory=Share)
    onset: Share = field(default_factory=Share)
    best: Share = field(default_factory=Share)
    error: Share = field(default_factory=Share)


@dataclass
class HealthyScore:
    """How healthy runs fared.

    Attributes:
        alarmed: Runs with a warning or an error.
        errors: Runs with an error.
        errors_at_cuts: Prefixes with an error.
        errors_at_any_cut: Runs with an error at some prefix.
        kinds: What the alarms are.
    """

    alarmed: Share = field(default_factory=Share)
    errors: Share = field(default_factory=Share)
    errors_at_cuts: Share = field(default_factory=Share)
    errors_at_any_cut: Share = field(default_factory=Share)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)


def by_kind(scores: Iterable[RunScore]) -> dict[str, KindScore]:
    """The labels of all runs, by their kind."""
    kinds: dict[str, KindScore] = {}
    for one in scores:
        for told in one.told:
            kind = kinds.setdefault(told.kind, KindScore())
            kind.found.add(told.found)
            if told.found:
                kind.onset.add(told.onset_right)
                kind.error.add(told.as_error)
                if told.best_right is not None:
                    kind.best.add(told.best_right)
    return dict(sorted(kinds.items()))


def of_healthy(scores: Iterable[RunScore]) -> HealthyScore:
    """The runs of healthy families together."""
    total = HealthyScore()
    for one in scores:
        total.alarmed.add(bool(one.others))
        total.errors.add(any(severity == "error" for _, severity in one.others))
        total.kinds.update(one.others)
        if one.cuts:
            total.errors_at_any_cut.add(bool(one.errors_at_cuts))
            for cut in range(one.cuts):
                total.errors_at_cuts.add(cut < len(one.errors_at_cuts))
    return total
