"""Limits that runs must keep to, such as ``val/loss>+2%``: for those who let machines watch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.runs.selection import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.analysis.diff.results import Diff, RunDiff, Side, TagDiff

Form: TypeAlias = Literal["level", "end", "final", "best", "at"]

_LIMIT = re.compile(
    r"(?P<what>.+?)\s*(?P<relation>[<>])\s*(?P<sign>[+-]?)\s*(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"\s*(?P<percent>%?)",
    re.IGNORECASE,
)
_FORM = re.compile(r"(?:(?P<form>end|final|last|best)|(?P<at>at))\(\s*(?P<inside>.*\S)\s*\)")
_AT = re.compile(r"(-?\d+)\s*,\s*(.+)")
# How far, in proportion, a number is from its float32, as which most are stored: 0.01 less than 0.9
# is 0.0100000167 less there.
_ROUNDING = 2.0**-24
# Of a run that was cut short these are values of the middle of a training.
_OF_THE_END = frozenset({"level", "end", "final"})


@dataclass(frozen=True, slots=True)
class Limit:
    """What b must keep to.

    Attributes:
        form: Which number of a tag: the level at the end of the steps that both have (``level``),
            at b's own end (``end``), the last value, the best one, or the last one up to a step.
        step: That step.
        tag: A tag, or a glob.
        relation: ``>`` where it must not be greater, ``<`` where it must not be less.
        bound: The greatest or least that is allowed: of the change from a to b, or of b itself.
        of_change: Whether it is that of the change, as a sign or a percent says.
        percent: Whether it is in percent of the number of a.
        text: As it was given.
    """

    form: Form
    step: int | None
    tag: str
    relation: Literal["<", ">"]
    bound: float
    of_change: bool
    percent: bool
    text: str

    @property
    def name(self) -> str:
        """What it looks at, without the tag."""
        return f"value at step {self.step:,}" if self.step is not None else f"{self.form} value"


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit that a tag does not keep.

    Attributes:
        limit: The limit.
        run: The name of b.
        tag: The tag; None where one side lacks the run.
        message: In words, with the numbers.
    """

    limit: Limit
    run: str
    tag: str | None
    message: str


def parse_limits(texts: Sequence[str]) -> list[Limit]:
    """Reads limits of the form ``TAG>+2%``, ``TAG<-0.01``, ``best(TAG)>1.9``, ``at(100, TAG)>+1%``.

    Raises:
        InvalidArgument: One has another form.
    """
    return [_limit(text) for text in texts]


def _limit(text: str) -> Limit:
    match = _LIMIT.fullmatch(text.strip())
    if not match:
        raise InvalidArgument(
            f"limit {text!r} is not of the form TAG>+NUMBER or TAG<-NUMBER, with or without %, or "
            "TAG>NUMBER; of TAG, end(TAG), final(TAG), best(TAG) or at(STEP, TAG)"
        )
    form, step, tag = _form(match["what"], text)
    percent = bool(match["percent"])
    return Limit(
        form=form,
        step=step,
        tag=tag,
        relation=cast("Literal['<', '>']", match["relation"]),
        bound=float(match["sign"] + match["number"]),
        of_change=bool(match["sign"]) or percent,
        percent=percent,
        text=text,
    )


def _form(what: str, text: str) -> tuple[Form, int | None, str]:
    match = _FORM.fullmatch(what)
    if match is None:
        return "level", None, what
    if match["form"]:
        form = {"last": "final"}.get(match["form"], match["form"])
        return cast("Form", form), None, match["inside"]
    at = _AT.fullmatch(match["inside"])
    if at is None:
        raise InvalidArgument(f"limit {text!r} has no step in at(STEP, TAG)")
    return "at", int(at[1]), at[2]


def violations(diff: Diff, limits: Sequence[Limit]) -> list[Violation]:
    """What does not keep to the limits.

    Of a run that only one side has, or that was cut short before the end of a, nothing is known at
    the end: it keeps to no limit that looks there; nor does a number that is not finite.

    Raises:
        UnknownTag: No run has the tag of a limit: a guard that never looks at anything is no guard.
        InvalidArgument: It asks for what groups of runs do not have, for a step that was not asked
            of `diff`, or for the best of a tag of which no way is better.
    """
    found = []
    for limit in limits:
        looked_at = False
        for run in diff.runs:
            if run.only_in:
                message = f"run {_name(run)}: only {run.only_in} has it"
                found.append(Violation(limit, _name(run), None, message))
            for tag in run.tags:
                if tag.plugin == "scalars" and matches(tag.tag, (limit.tag,)):
                    looked_at = True
                    broken = _broken(tag, limit)
                    found += [Violation(limit, _name(run), tag.tag, each) for each in broken]
        if not looked_at:
            raise UnknownTag(limit.tag, {tag.tag for run in diff.runs for tag in run.tags})
    return found


def _name(run: RunDiff) -> str:
    return run.b or run.a or "."


def _broken(tag: TagDiff, limit: Limit) -> Iterator[str]:
    """What is wrong with a tag, at most one thing."""
    if tag.only_in == "a" or (tag.only_in and (limit.of_change or limit.form == "level")):
        yield f"{tag.tag}: only {tag.only_in} has it"
        return
    if tag.shorter == "b" and limit.form in _OF_THE_END:
        yield f"{tag.tag}: {_too_short(tag)}; limit {limit.text}"
        return
    b = _number(tag, "b", limit)
    a = _number(tag, "a", limit) if limit.of_change or not tag.only_in else None
    for name, value in (("a", a), ("b", b)):
        if (name == "b" or limit.of_change) and (value is None or not math.isfinite(value)):
            yield f"{tag.tag}: {name} has {_missing(tag, limit)}"
            return
    assert b is not None
    value, bound, rounding = b, limit.bound, abs(b) * _ROUNDING
    if limit.of_change:
        assert a is not None
        value = b - a
        bound = limit.bound / 100 * abs(a) if limit.percent else limit.bound
        # No change is one, however small.
        rounding = (abs(a) + abs(b)) * _ROUNDING if bound else 0.0
    beyond = value - bound if limit.relation == ">" else bound - value
    if beyond > rounding:
        yield f"{tag.tag}: {_change(a, b)}, limit {limit.text}"


def _too_short(tag: TagDiff) -> str:
    ends = f"b ends at {tag.end_b:,.10g}, a at {tag.end_a:,.10g}"
    return f"{ends}: nothing is known of b's end; up to there {_change(tag.level_a, tag.level_b)}"


def _change(a: float | None, b: float | None) -> str:
    if a is None or b is None or not math.isfinite(a):
        return "nothing is known" if b is None else f"{b:.6g}"
    return f"{a:.6g} -> {b:.6g}" + (f" ({(b - a) / abs(a):+.2%})" if a else "")


def _missing(tag: TagDiff, limit: Limit) -> str:
    if limit.form == "level":
        return "no finite level at steps that both have"
    return f"no finite {limit.name}"


def _number(tag: TagDiff, name: Side, limit: Limit) -> float | None:
    """The number of one side that a limit looks at."""
    if limit.form == "level":
        return tag.level_a if name == "a" else tag.level_b
    side = tag.a if name == "a" else tag.b
    if side is None:
        raise InvalidArgument(f"limit {limit.text!r}: groups of runs are compared by TAG alone")
    if limit.form == "best":
        if tag.objective == "none":
            raise InvalidArgument(
                f"limit {limit.text!r}: which way is better is not known of {tag.tag!r}: "
                f"objective {tag.tag}=min or {tag.tag}=max says"
            )
        return side.best
    if limit.form != "at":
        return side.final if limit.form == "final" else side.end
    assert limit.step is not None
    if limit.step not in side.at:
        raise InvalidArgument(f"limit {limit.text!r}: diff was not asked for step {limit.step}")
    return side.at[limit.step]
