"""A run that was drawn, and its scoring."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.runs import Log
from benchmarks.blind.score import score_run
from benchmarks.detection.grammar.attributes import Draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.blind.runs import LabelledRun
    from benchmarks.blind.score import RunScore

    # Writes a run; whether the oracle is sure of it. Otherwise another one is drawn.
    Maker = Callable[[Draw, Log], bool]


@dataclass(frozen=True)
class Case:
    """A run with the values of its attributes; it can be scored as a family of the blind set."""

    name: str
    healthy: bool
    drawn: LabelledRun
    attributes: Mapping[str, str]
    tolerated: tuple[str, ...] = ()

    @property
    def monitored(self) -> bool:
        """Whether prefixes are judged."""
        return self.healthy

    def run(self, seed: int) -> LabelledRun:
        """The run that was drawn."""
        return self.drawn


@dataclass(frozen=True)
class Outcome:
    """What was found of a case."""

    case: Case
    score: RunScore

    @property
    def found(self) -> bool:
        """Whether everything was told that had to be; of a healthy run, whether it was silent."""
        if self.case.healthy:
            return not self.score.others
        return all(told.found for told in self.score.told)

    @property
    def placed(self) -> bool:
        """Whether it was found, and the onset was right."""
        return self.found and all(told.onset_right for told in self.score.told)


def cases(name: str, make: Maker, count: int, first: int = 0) -> Iterator[Case]:
    """The runs of the seeds `first` to `first + count - 1`; the same seed makes the same run."""
    for seed in range(first, first + count):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        while True:
            draw, log = Draw(rng), Log(rng)
            if make(draw, log):
                healthy = name.startswith("healthy")
                yield Case(f"{name} {seed}", healthy, log.close(), draw.picked)
                break


def outcome(case: Case) -> Outcome:
    """Has a case judged."""
    return Outcome(case, score_run(case, 0))  # type: ignore[arg-type]
