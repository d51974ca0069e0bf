"""What `explain` gives: everything known about one run, and how it is made shorter."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tbtools.errors import InvalidArgument
from tbtools.runs.numbers import json_number
from tbtools.runs.plugins.hparams import json_text, json_value
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.failures import Neighbour
    from tbtools.analysis.outlook import Outlook
    from tbtools.vocabulary import RunStatus

# To how many points curves are thinned where there is too little room, one after the other.
_FEWER_POINTS = (12, 6, 3)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve.

    Attributes:
        step: Its step.
        value: Its value, maybe not finite.
        session: The number of the writer session, of those of the run, that wrote it.
        reason: Why it is shown (``least``, ``divergence begins``); "" for one at even distances.
    """

    step: int
    value: float
    session: int
    reason: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A series in a few points.

    Attributes:
        tag: Its tag.
        dtype: How its values are stored.
        of: How many points it has.
        nonfinite: How many of these are NaN or infinite.
        points: Those that are shown.
        files: The event file of each session.
    """

    tag: str
    dtype: str
    of: int
    nonfinite: int
    points: tuple[Point, ...]
    files: tuple[str, ...]

    def thinned(self, count: int) -> Curve:
        """The points that have a reason, and as many of the others as there is room for."""
        others = [number for number, each in enumerate(self.points) if not each.reason]
        room = max(count - (len(self.points) - len(others)), 0)
        every = max(math.ceil(len(others) / room), 1) if room else len(others) + 1
        kept = {*others[every - 1 :: every]}
        return replace(
            self,
            points=tuple(
                each for number, each in enumerate(self.points) if each.reason or number in kept
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; ``sessions`` and ``reasons`` of the points in the same order."""
        return {
            "tag": self.tag,
            "points": [[each.step, json_number(each.value, self.dtype)] for each in self.points],
            "of": self.of,
            "nonfinite": self.nonfinite,
            "sessions": [each.session for each in self.points],
            "reasons": [each.reason for each in self.points],
        }


@dataclass(frozen=True, slots=True)
class HParam:
    """A hyperparameter against those of the siblings.

    Attributes:
        name: Its name.
        value: That of the run.
        others: How many siblings have it.
        same: How many of them have the same value.
        least: The least of theirs, where all are numbers.
        median: Their median, the lower one of two.
        greatest: The greatest.
        most_common: What most of them have, where not all are numbers.
    """

    name: str
    value: Any
    others: int
    same: int
    least: float | None = None
    median: float | None = None
    greatest: float | None = None
    most_common: Any = None

    @classmethod
    def of(cls, name: str, value: Any, others: Sequence[Any]) -> HParam:
        """Compares a value with those of the siblings."""
        texts = [json_text(each) for each in others]
        same = texts.count(json_text(value))
        numbers = [each for each in others if type(each) is float and math.isfinite(each)]
        if others and len(numbers) == len(others):
            numbers.sort()
            middle = numbers[(len(numbers) - 1) // 2]
            return cls(name, value, len(others), same, numbers[0], middle, numbers[-1])
        common = Counter(texts).most_common(1)
        most = others[texts.index(common[0][0])] if common else None
        return cls(name, value, len(others), same, most_common=most)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without the name."""
        return {
            "value": json_value(self.value),
            "others": self.others,
            "same": self.same,
            "least": self.least,
            "median": self.median,
            "greatest": self.greatest,
            "most_common": json_value(self.most_common),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Tabled):
    """Everything that is known about one run.

    Attributes:
        run: Its name.
        path: Its folder.
        logdir: Where it and its siblings lie.
        status: Its state, as in `RunSummary`.
        start_time: Wall time of its first event, seconds since the epoch; None without any.
        end_time: That of its last.
        sessions: Its writer sessions, as `Run.sessions` has them, by which files are named.
        superseded: How many points restarts have superseded.
        siblings: How many other runs there are.
        judged_series: How many of its series were judged for every kind of finding.
        findings: What is wrong with it: the worst first, then the earliest.
        places: Of each finding the event files of its ``onset``, ``end``, ``best``, ``last_good``.
        hparams: Its hyperparameters.
        nearest: Where it has a warning or error, the sibling without an error that is most like it.
        outlook: Where series without a warning or error will be if they go on; none of a run that
            has finished.
        curves: Its series: those with findings first, then those that tell most.
        not_checked: Tag (None for the run) and reason of what was not looked at.
        problems: Damaged stretches: file, offset, length, kind, message.
        notes: What should be known of its timeline: run, kind, message, tag, count.
        configuration: The tbtools.toml that was followed; None without.
        kinds_off: The kinds of findings that it does not want: nothing is said of them.
        left_out: What was left out to be short, in words.
    """

    run: str
    path: str
    logdir: str
    status: RunStatus
    start_time: float | None
    end_time: float | None
    sessions: tuple[Mapping[str, Any], ...]
    superseded: int
    siblings: int
    judged_series: int
    findings: tuple[Finding, ...]
    places: tuple[Mapping[str, str], ...]
    hparams: tuple[HParam, ...]
    nearest: Neighbour | None
    outlook: tuple[Outlook, ...]
    curves: tuple[Curve, ...]
    not_checked: tuple[Mapping[str, Any], ...]
    problems: tuple[Mapping[str, Any], ...]
    notes: tuple[Mapping[str, Any], ...]
    configuration: str | None = None
    kinds_off: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Its run, and how much was found, on one line."""
        return f"<Explanation of {self.run!r}: {plural(len(self.findings), 'finding')}>"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools explain`."""
        return {
            "run": self.run,
            "path": self.path,
            "logdir": self.logdir,
            "status": self.status,
            "start_time": json_number(self.start_time),
            "end_time": json_number(self.end_time),
            "sessions": [
                {name: _json(value) for name, value in each.items()} for each in self.sessions
            ],
            "superseded": self.superseded,
            "siblings": self.siblings,
            "judged_series": self.judged_series,
            "findings": [
                {**each.to_dict(), "files": dict(places)}
                for each, places in zip(self.findings, self.places, strict=True)
            ],
            "hparams": {each.name: each.to_dict() for each in self.hparams},
            "nearest": self.nearest and self.nearest.to_dict(),
            "outlook": [{"tag": each.tag, **each.to_dict()} for each in self.outlook],
            "curves": [each.to_dict() for each in self.curves],
            "not_checked": [dict(each) for each in self.not_checked],
            "problems": [dict(each) for each in self.problems],
            "notes": [dict(each) for each in self.notes],
            "configuration": self.configuration,
            "kinds_off": list(self.kinds_off),
            "left_out": list(self.left_out),
        }

    def rows(self) -> Iterator[tuple[str, int, float, str, str]]:
        """A row a point of the curves: tag, step, value, file, reason."""
        for curve in self.curves:
            for each in curve.points:
                yield curve.tag, each.step, each.value, curve.files[each.session], each.reason

    def to_frame(self) -> pd.DataFrame:
        """One row a point of the curves: tag, step, value, file, reason.

        `attrs` holds everything else of `to_dict`.
        """
        import pandas as pd

        frame = pd.DataFrame(self.rows(), columns=["tag", "step", "value", "file", "reason"])
        frame.attrs |= {name: value for name, value in self.to_dict().items() if name != "curves"}
        return frame

    def within(self, budget: int, length: Callable[[Explanation], int]) -> Explanation:
        """The same, made shorter until it fits; what was left out is said.

        Points go first, then the curves that tell least, then what was not checked, then evidence;
        at last damage, notes, sessions, and findings but for the worst.

        Args:
            budget: How many characters there may be.
            length: How many a version of it has.

        Raises:
            InvalidArgument: The shortest version is longer than that.
        """
        least = 0
        for each in self._shorter():
            least = length(each)
            if least <= budget:
                return each
        raise InvalidArgument(f"a budget of {budget} is too little: {least} characters are needed")

    def _shorter(self) -> Iterator[Explanation]:
        """It, and versions of it, each shorter than the one before."""
        now = self
        yield now
        for count in _FEWER_POINTS:
            curves = tuple(each.thinned(count) for each in self.curves)
            now = replace(now, curves=curves, left_out=("points of the curves",))
            yield now
        kept = len(self.curves)
        while kept:
            kept //= 2
            left = f"{len(self.curves) - kept} of {plural(len(self.curves), 'curve')}"
            now = replace(now, curves=now.curves[:kept], left_out=(now.left_out[0], left))
            yield now
        reasons = Counter(each["reason"] for each in self.not_checked)
        counted = tuple({"tag": None, "reason": f"{plural(count, 'time')}: {reason}"}
                        for reason, count in reasons.items())  # fmt: skip
        told = (*now.left_out, "the tags of what was not checked")
        now = replace(now, not_checked=counted, left_out=told)
        yield now
        findings = tuple(replace(each, evidence={}) for each in self.findings)
        told = (*told, "the evidence of findings", "hyperparameters that all others share")
        differing = tuple(each for each in self.hparams if each.same < each.others)
        now = replace(now, findings=findings, hparams=differing, left_out=told)
        yield now
        yield from _with_fewer_rows(now)


def _with_fewer_rows(one: Explanation) -> Iterator[Explanation]:
    """Versions without curves, with ever fewer problems, notes, sessions, findings."""
    rows: dict[str, tuple[object, ...]] = {
        "problem": one.problems,
        "note": one.notes,
        "session": one.sessions,
        "finding": one.findings,
    }
    shown = max(map(len, rows.values()))
    while shown > 1:
        shown //= 2
        left = tuple(
            f"{len(every) - shown} of {plural(len(every), noun)}"
            for noun, every in rows.items()
            if len(every) > shown
        )
        yield replace(
            one,
            problems=one.problems[:shown],
            notes=one.notes[:shown],
            sessions=one.sessions[:shown],
            findings=one.findings[:shown],
            places=one.places[:shown],
            left_out=(*one.left_out, *left),
        )


def _json(value: Any) -> Any:
    return json_number(value) if isinstance(value, float) else value
