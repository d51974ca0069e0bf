"""What a tag measures, read from its words and from the other tags of its run.

The measure of a tag is the last one that its words name, so that ``reward/loss`` is a loss and
``loss/accuracy`` an accuracy. Other words take its objective away: see `table.Kind` for which, and
``words.tsv`` for all of them.

What a loss says depends on the run. Beside a reward it follows a policy that moves, and falls and
rises with what is learned, not with how well; beside the losses of two players it is mostly their
sum. Beside an Elo rating a reward is against opponents that get better. So a run is read as a whole
by `objectives_of`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from tbtools.analysis.objective.table import TAGS_KEPT, Row, rows_of, words
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tbtools.vocabulary import Objective

# Most runs of an experiment have the same tags.
_RUNS_KEPT = 100
_MEASURES = frozenset({"loss", "fit", "measure", "sample", "reward", "score"})
_LOSSES = frozenset({"loss", "fit"})
_LOSS_WORDS = frozenset({"loss", "losses"})
_RATINGS = frozenset({"elo"})
_WINS = frozenset({"win", "wins", "win rate", "winrate", "won"})
_ABOUT = frozenset({"about", "ledger"})
_SUMS = frozenset({"total", "overall", "objective"})
_SEGMENTS = re.compile(r"[/|]| - ")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the words of one tag say.

    Attributes:
        measure: The row of what is measured; None where no word says, or one says that there is no
            better or worse.
        better: Which way is better, by the tag alone.
        rewards: Whether it is a reward: the run is that of an agent.
        plays: Whether it is the loss of one of two players.
        fits: Whether it is a loss that fits data.
    """

    measure: Row | None
    better: Objective
    rewards: bool = False
    plays: bool = False
    fits: bool = False

    def beside(self, *, rewards: bool, plays: bool, rated: bool) -> Objective:
        """Which way is better in a run that has rewards, losses of players, or a rating.

        Args:
            rewards: Whether a tag of the run is a reward.
            plays: Whether one is the loss of a player.
            rated: Whether one is a rating among opponents, who get better too: rewards and wins
                against them are about the same all along.
        """
        if rated and self.measure and (self.rewards or self.measure.word in _WINS):
            return "none"
        if self.measure is None or self.measure.kind not in _LOSSES:
            return self.better
        return "none" if rewards or (plays and not self.fits) else self.better


@lru_cache(TAGS_KEPT)
def meaning_of(tag: str) -> Meaning:
    """Reads a tag.

    Args:
        tag: The tag.
    """
    segments = [rows_of(segment) for segment in _SEGMENTS.split(tag)]
    rows = [row for segment in segments for row in segment]
    kinds = {row.kind for row in rows if row}
    at = _place_of_measure(segments)
    if at is None:
        return Meaning(None, "none")
    measure = rows[at]
    assert measure is not None
    fits = "fit" in kinds and measure.kind in _LOSSES
    plays = _is_players(measure, kinds, fits=fits)
    aside = "never" in kinds or ("code" in kinds and not fits)
    if plays or aside or _is_about(segments, at):
        return Meaning(None, "none", plays=plays and measure.kind in _LOSSES)
    return Meaning(
        measure,
        _turned(measure.better) if _is_negative(rows[:at]) else measure.better,
        rewards=measure.kind == "reward",
        fits=fits,
    )


def is_reward(tag: str) -> bool:
    """Whether a tag is what an agent gets.

    Args:
        tag: The tag.
    """
    return meaning_of(tag).rewards


def better_alone(tag: str) -> Objective:
    """Which way is better by the tag alone, whatever else its run has.

    Args:
        tag: The tag.
    """
    return meaning_of(tag).better


def is_players(tag: str) -> bool:
    """Whether a tag is the loss of one of two players.

    Args:
        tag: The tag.
    """
    return meaning_of(tag).plays


def may_be_minimised(tag: str) -> bool:
    """Whether a tag without an objective may be of what training minimises nevertheless.

    It says what it fits, as ``policy/sft_nll`` does, or that it is the sum of all.

    Args:
        tag: The tag.
    """
    rows = [row for segment in _SEGMENTS.split(tag) for row in rows_of(segment)]
    kinds = {row.kind for row in rows if row}
    if "fit" in kinds:
        return not kinds & {"about", "count", "ledger"}
    own = frozenset(words(tag.rpartition("/")[2])) - ROLE_WORDS.keys()
    return bool(own) and own <= _SUMS


def _place_of_measure(segments: Sequence[Sequence[Row | None]]) -> int | None:
    """Where the row of the measure stands among all rows of the tag."""
    placed = [(folder, row) for folder, segment in enumerate(segments) for row in segment]
    named = [
        (place, folder, row)
        for place, (folder, row) in enumerate(placed)
        if row and row.kind in _MEASURES and row.better != "none"
    ]
    named = [each for each in named if each[2].kind != "score"] or named
    if not named:
        return None
    last, folder, measure = named[-1]
    if measure.kind in _LOSSES:
        return last
    # loss_iou is the loss that an IoU makes, and loss/reward that of who predicts rewards.
    for place, own, row in named:
        if row.word in _LOSS_WORDS and (own == folder or measure.kind == "reward"):
            return place
    return last


def _is_players(measure: Row, kinds: Collection[str], *, fits: bool) -> bool:
    """Whether what is measured is of one of two players, and no reward and nothing that is made."""
    if measure.kind in {"sample", "reward"}:
        return False
    if "player" in kinds:
        return measure.kind != "score"
    return "generator" in kinds and not fits


def _is_about(segments: Sequence[Sequence[Row | None]], at: int) -> bool:
    """Whether the tag is of a quantity about its measure, which is the row number `at` of it."""
    for segment in segments:
        kinds = [_kind(row) for row in segment]
        if at >= len(segment):
            if set(kinds) == {"ledger"}:
                return True
        elif at >= 0:
            if "count" in kinds[max(at - 1, 0) : at + 2] or _ABOUT & set(kinds[at + 1 :]):
                return True
        # A folder of its own named time is the axis along which rl_games writes rewards.
        elif _ABOUT & set(kinds) and [row.word for row in segment if row] != ["time"]:
            return True
        at -= len(segment)
    return False


def _is_negative(before: Sequence[Row | None]) -> bool:
    """Whether a ``neg`` stands before the measure, with none that it could mean in between."""
    for row in reversed(before):
        if row and row.kind == "neg":
            return True
        if row and row.kind in _MEASURES and row.better != "none":
            return False
    return False


def _kind(row: Row | None) -> str | None:
    return row.kind if row else None


def _turned(direction: Objective) -> Objective:
    return "max" if direction == "min" else "min"


@lru_cache(_RUNS_KEPT)
def directions(tags: tuple[str, ...]) -> Mapping[str, Objective]:
    """Says which way is better for each tag of one run, by the words of all of them.

    Args:
        tags: All tags of the run.
    """
    meanings = {tag: meaning_of(tag) for tag in tags}
    rewards = any(each.rewards for each in meanings.values())
    plays = any(each.plays for each in meanings.values())
    rated = any(each.measure and each.measure.word in _RATINGS for each in meanings.values())
    return MappingProxyType(
        {
            tag: each.beside(rewards=rewards, plays=plays, rated=rated)
            for tag, each in meanings.items()
        }
    )
