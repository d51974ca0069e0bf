"""What many runs have in common, in words: findings of siblings, and what failing runs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.render.format import (
    format_count,
    format_duration,
    format_number,
    format_rounded,
    plural,
    printable,
)
from tbtools.runs.plugins.hparams import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.failures import Failures, Neighbour, Split
    from tbtools.analysis.siblings import FindingGroup
    from tbtools.vocabulary import FindingKind, Severity

# From so many runs on a finding is told once; of fewer each is worth its curve.
_MANY = 4
# Runs and hyperparameters that are named.
_MOST_RUNS, _MOST_HPARAMS = 3, 3
# Less is not worth a word.
_LEAST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SharedFinding:
    """A finding that several runs have, with those of other tags that come with it.

    Attributes:
        groups: It comes first; the runs of each other one are among its own.
    """

    groups: tuple[FindingGroup, ...]

    @property
    def kind(self) -> FindingKind:
        """The kind of all."""
        return self.groups[0].kind

    @property
    def severity(self) -> Severity:
        """The severity of all."""
        return self.groups[0].severity

    @property
    def tag(self) -> str:
        """The tag of the first."""
        return self.groups[0].tag

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """What `group_key` says of each finding."""
        return [(each.severity, each.kind, each.tag) for each in self.groups]

    @property
    def more(self) -> str:
        """What stands behind the tag: how many others there are."""
        others = len(self.groups) - 1
        return f" and {plural(others, 'tag')}" if others else ""

    @property
    def words(self) -> str:
        """In which runs it is, since when, and what came of it."""
        first = self.groups[0]
        runs = f"in {format_count(len(first.runs))} of {plural(first.out_of, 'run')}"
        low = min(each.first_onset for each in self.groups)
        high = max(each.last_onset for each in self.groups)
        steps = f"since step {format_count(low)}"
        if low != high:
            steps = f"since steps {format_count(low)} to {format_count(high)}"
        names = ", ".join(printable(run) for run in first.runs[:_MOST_RUNS])
        rest = len(first.runs) - _MOST_RUNS
        text = f"{runs}, {steps}: {names}" + f" and {format_count(rest)} more" * (rest > 0)
        return text + _aftermath(first)


def _aftermath(group: FindingGroup) -> str:
    """What it has cost, and where one can go on: of the series that comes first."""
    parts = []
    if (group.seconds or 0) >= _LEAST_SECONDS:
        parts.append(f"{format_duration(group.seconds)} since then in all")
    if group.checkpoints:
        parts.append(f"{format_count(group.checkpoints)} with a checkpoint from before")
    return "".join(f"; {part}" for part in parts)


def group_key(finding: Finding) -> tuple[str, str, str]:
    """What findings have in common that are told together."""
    return finding.severity, finding.kind, finding.tag


def shared_findings(groups: Sequence[FindingGroup]) -> list[SharedFinding]:
    """The findings that so many runs have that they are told once.

    Args:
        groups: As `finding_groups` has them: the worst first, then what most runs have.
    """
    shared: list[list[FindingGroup]] = []
    for group in groups:
        if len(group.runs) < _MANY:
            continue
        runs = set(group.runs)
        for each in shared:
            first = each[0]
            alike = (first.severity, first.kind) == (group.severity, group.kind)
            if alike and runs <= set(first.runs):
                each.append(group)
                break
        else:
            shared.append([group])
    return [SharedFinding(tuple(each)) for each in shared]


def failure_lines(failures: Failures | None) -> Iterator[str]:
    """What the runs with errors share, a line each; nothing where nothing can be told."""
    if failures is None or not failures.splits:
        return
    for split in failures.splits[:_MOST_HPARAMS]:
        yield split_text(split)
    rest = len(failures.splits) - _MOST_HPARAMS
    if rest > 0:
        yield f"and {plural(rest, 'more hyperparameter')} (tbtools detect --format json)"
    if failures.nearest is not None:
        yield nearest_text(failures.nearest)


def split_text(split: Split) -> str:
    """``lr > 0.01: 18 of 20 runs have errors, of the others 1 of 30 (p = 0.0005)``."""
    inside = f"{format_count(split.failed_inside)} of {plural(split.inside, 'run')} have errors"
    outside = f"of the others {format_count(split.failed_outside)} of {format_count(split.outside)}"
    condition = f"{printable(split.name)} {split.relation} {_in_short(split.value)[0]}"
    return f"{condition}: {inside}, {outside} (p = {split.p:.2g}, corrected)"


def nearest_text(nearest: Neighbour) -> str:
    """The run without an error that is most like one that failed, and in what they differ."""
    names = list(nearest.differences)[:_MOST_HPARAMS]
    pairs = [
        "{} ({} and {})".format(printable(name), *_in_short(*nearest.differences[name]))
        for name in names
    ]
    rest = len(nearest.differences) - len(names)
    if rest > 0:
        pairs.append(f"{rest} more")
    what = f"differs in {', '.join(pairs)}" if pairs else "has the same hyperparameters"
    failed, healthy = printable(nearest.failed), printable(nearest.healthy)
    return f"nearest run without an error: {healthy}; {failed} {what}"


def _in_short(*values: Any) -> list[str]:
    """Hyperparameters in five digits, and in all where these do not tell them apart."""
    short = [
        format_rounded(value) if isinstance(value, float) else hparam_text(value)
        for value in values
    ]
    return short if len(set(short)) == len(values) else [hparam_text(value) for value in values]


def hparam_text(value: Any) -> str:
    """A hyperparameter as a person reads it."""
    if isinstance(value, float):
        return format_number(value)
    return printable(value if isinstance(value, str) else json_text(value))
