"""What the comparison of runs with accepted ones finds, as plain objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.numbers import json_number
from tbtools.showing import Tabled

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]

Verdict: TypeAlias = Literal[
    "worse", "abnormal", "short", "missing", "better", "normal", "not judged"
]
FAILURES: tuple[Verdict, ...] = ("worse", "abnormal", "short", "missing")
_NUMBERS = (
    *("z", "value", "low", "high", "limit"),
    *("level", "level_z", "level_low", "level_high", "detectable", "p_value"),
)


@dataclass(frozen=True, slots=True, eq=False)
class BandCurve:
    """A curve and the band of the accepted ones, at the steps at which it was judged.

    Attributes:
        step: int64, shape (m,), rising.
        value: float64, shape (m,): the curve, maybe not finite.
        center: float64, shape (m,): the mean of the accepted ones.
        low: float64, shape (m,): the lower edge of the band.
        high: float64, shape (m,): the upper edge.
    """

    step: NDArray[np.int64]
    value: Floats
    center: Floats
    low: Floats
    high: Floats

    def to_frame(self) -> pd.DataFrame:
        """One row a step."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, eq=False)
class TagRegression:
    """One tag of a run, judged by those of the accepted runs.

    Attributes:
        run: The run.
        tag: The tag.
        verdict: ``worse`` or ``better`` where it lies outside the band and a way is better, else
            ``abnormal``; ``normal`` inside; ``short`` where it ends before all accepted ones;
            ``missing`` where only they have it; ``not judged``.
        objective: Which way is better.
        reason: Why it was not judged, or what else should be known.
        runs: How many accepted runs have the tag.
        points: At how many steps it was judged.
        outside: At how many of these it lies outside the band.
        since_step: The first of them; of a level at the end, where that begins.
        until_step: The last of them.
        ongoing: Whether it is outside at the last step, or at the end as a whole.
        z: How many standard deviations of a new run above the mean: the greatest absolute one of
            the steps that lie outside, else of all; infinite for a value that is not finite.
        z_step: Where that is; None where it is that of the level at the end.
        value: The value there.
        low: The lower edge of the band there.
        high: The upper one.
        limit: How many standard deviations are allowed.
        last_step: The last step at which it was judged.
        level: The mean of the last quarter of these.
        level_z: How far that is from the mean of the accepted ones.
        level_low: The lower edge of the band of the level.
        level_high: The upper one.
        detectable: The least shift of the level that four in five runs with it would be found by.
        p_value: The share of all runs, itself included, that lie as far from the others in any tag;
            the least that there is, 1 / (runs + 1), where anything is outside.
        curve: It and its band; None where it was not judged.
    """

    run: str
    tag: str
    verdict: Verdict
    objective: Objective
    reason: str = ""
    runs: int = 0
    points: int = 0
    outside: int = 0
    since_step: int | None = None
    until_step: int | None = None
    ongoing: bool = False
    z: float | None = None
    z_step: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    last_step: int | None = None
    level: float | None = None
    level_z: float | None = None
    level_low: float | None = None
    level_high: float | None = None
    detectable: float | None = None
    p_value: float | None = None
    curve: BandCurve | None = None

    @property
    def fails(self) -> bool:
        """Whether a gate should stop the run."""
        return self.verdict in FAILURES

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it; numbers that are not finite are None."""
        result = {name: getattr(self, name) for name in self.__slots__ if name != "curve"}
        numbers = [result[name] for name in _NUMBERS]
        result |= {name: json_number(result[name]) for name in _NUMBERS}
        result["nonfinite"] = sum(each is not None and not math.isfinite(each) for each in numbers)
        return result


@dataclass(frozen=True, slots=True, repr=False)
class Regression(Tabled, HasProvenance):
    """Runs judged by accepted ones.

    Attributes:
        logdir: What was judged, as it was given.
        accepted: The names of the accepted runs.
        false_alarms: How often a run like them would be called worse, better or abnormal, at most.
        tags: Each tag of each run.
        provenance: What should be known of the runs, and the accepted ones.
    """

    logdir: str
    accepted: tuple[str, ...]
    false_alarms: float
    tags: tuple[TagRegression, ...]
    provenance: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        """What was judged, and how much of it fails, on one line."""
        failed = len(self.failures)
        return f"<Regression {self.logdir!r}: {failed} of {len(self.tags)} tags fail>"

    @property
    def failures(self) -> tuple[TagRegression, ...]:
        """Those that a gate should stop a run for."""
        return tuple(each for each in self.tags if each.fails)

    @property
    def is_normal(self) -> bool:
        """Whether nothing fails."""
        return not self.failures

    @property
    def is_judged(self) -> bool:
        """Whether there is anything that was judged."""
        return any(each.verdict != "not judged" for each in self.tags)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools diff --against`."""
        return {
            "logdir": self.logdir,
            "accepted": list(self.accepted),
            "false_alarms": self.false_alarms,
            "normal": self.is_normal,
            "tags": [each.to_dict() for each in self.tags],
            **self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a tag of each run: what `to_dict` has of it."""
        import pandas as pd

        columns = [name for name in TagRegression.__slots__ if name != "curve"]
        frame = pd.DataFrame(
            [each.to_dict() for each in self.tags], columns=[*columns, "nonfinite"]
        )
        frame.attrs |= self.provenance.to_dict()
        steps = [name for name in columns if name.endswith("_step")]
        return frame.astype(dict.fromkeys(steps, "Int64"))
