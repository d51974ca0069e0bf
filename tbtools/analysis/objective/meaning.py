"""What a tag measures, read from its words and from the other tags of its run.

The measure of a tag is the last one that its words name, so that ``reward/loss`` is a loss and
``loss/accuracy`` an accuracy. Other words take its objective away: see `table.Kind` for which, and
``words.tsv`` for all of them.

What a loss says depends on the run. Beside a reward it follows a policy that moves, and falls and
rises with what is learned, not with how well; beside the losses of two players it is mostly their
sum. Where the loss of a policy is measured on data held out, or beside the games of self-play,
policy and value are no players but two heads of one network that fits that data. Beside an Elo
rating a reward is against opponents that get better, and beside the losses of a quantiser a
perplexity is how many of its codes are used. Where a monitor of episodes wrote ``r``, ``l`` and
``t``, the first is a return. Names that say what they measure only together are read as others: see
`readings_of`. So a run is read as a whole by `objectives_of`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from tbtools.analysis.objective.heads import fit_data
from tbtools.analysis.objective.readings import readings_of
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
_WINS = frozenset({"win", "wins", "win rate", "win ratio", "winrate", "won"})
# What a regression is measured in, and no penalty on weights.
_OF_REGRESSION = frozenset({"mae", "rmse", "mape", "smape"})
_PERPLEXITIES = frozenset({"perplexity", "perplexities", "ppl"})
# Of a quantiser's codes it is written out: where no tag speaks of codes, a ppl is of words.
_PERPLEXITIES_IN_FULL = _PERPLEXITIES - {"ppl"}
_OF_CODES = frozenset({"codebook", "vq", "commit", "commitment"})
_ABOUT = frozenset({"about", "ledger"})
# Losses are made of them, and hardly anybody measures them; and of these, which many measure (of a
# pass there may be a loss, too).
_REBUILT = frozenset({"recon", "recons", "reconstruction"})
_REBUILT_LOSS = frozenset({"rec", "loss"})  # taming-transformers
_DIVERGENCES = frozenset({"kl", "kld", "kldiv"})
_BOXES = frozenset({"giou", "diou", "ciou"})
_EITHER = frozenset(
    {"dice", "iou", "miou", "ssim", "ms ssim", "msssim", "tversky", "pass #", "spk sim"}
    | {"speaker sim", "speaker similarity", "clip sim", "clip similarity"}
)
# What those log that learn which of two answers is better: OpenRLHF, NeMo-Aligner, TRL.
_ANSWERS = frozenset({"chosen", "rejected", "reject"})
_MARGINS = frozenset({"margin", "margins"})
_ACCURACIES = frozenset({"acc", "accuracy", "accuracies"})
_ENTROPIES = frozenset({"entropy", "ent"})
_SUMS = frozenset({"total", "overall", "objective"})
# What the Monitor of Stable-Baselines writes of an episode: return, length, time.
_EPISODE = frozenset({"r", "l", "t"})
_L2_NORM = ("l", "2", "norm")
_L2_LOSS = ("l", "2", "loss")
_SEGMENTS = re.compile(r"[/|]| - ")
# Before a measure: -elbo, and what is left to one, 1-dice; no number of a kind: top-1-accuracy.
_SUBTRACTED = re.compile(r"(?:^|[/|] ?)(1 ?)?- ?(?=[^\W\d])")


class Meaning(NamedTuple):
    """What the words of one tag say.

    Attributes:
        measure: The row of what is measured; None where no word says, or one says that there is no
            better or worse.
        better: Which way is better, by the tag alone.
        rewards: Whether it is a reward: the run is that of an agent.
        plays: Whether it is the loss of one of two players.
        head: The row of what is measured of a player, which counts where that is no player but the
            head of a network that fits data.
        fits: Whether it is a loss that fits data.
        codes: Whether it is about the codes of a quantiser.
    """

    measure: Row | None
    better: Objective
    rewards: bool = False
    plays: bool = False
    head: Row | None = None
    fits: bool = False
    codes: bool = False

    def beside(
        self, *, rewards: bool, plays: bool, rated: bool, compared: bool, codes: Collection[str]
    ) -> Objective:
        """Which way is better in a run that has rewards, losses of players, a rating, or codes.

        Args:
            rewards: Whether a tag of the run is a reward.
            plays: Whether one is the loss of a player.
            rated: Whether one is a rating among opponents, who get better too: rewards and wins
                against them are about the same all along.
            compared: Whether the run learns from answers that are compared. The mean of its
                rewards says nothing: only their difference is learned.
            codes: The perplexities that are how many of a quantiser's codes are used.
        """
        if compared and self.rewards:
            return "none"
        if self.measure and self.measure.word in codes:
            return "none"
        if rated and self.measure and (self.rewards or self.measure.word in _WINS):
            return "none"
        if self.measure is None or self.measure.kind not in _LOSSES:
            return self.better
        follows = rewards and not compared
        return "none" if follows or (plays and not self.fits) else self.better


@lru_cache(TAGS_KEPT)
def meaning_of(tag: str) -> Meaning:
    """Reads a tag.

    Args:
        tag: The tag.
    """
    segments = [rows_of(segment) for segment in _SEGMENTS.split(tag)]
    rows = [row for segment in segments for row in segment]
    kinds = {row.kind for row in rows if row}
    codes = not _OF_CODES.isdisjoint(row.word for row in rows if row)
    at = _place_of_measure(segments)
    if at is None:
        return Meaning(None, "none", codes=codes)
    measure = rows[at]
    assert measure is not None
    fits = "fit" in kinds and measure.kind in _LOSSES
    plays = _is_players(measure, kinds, fits=fits)
    sign = _sign(tag, measure)
    aside = _is_never(rows, measure) or ("code" in kinds and not fits) or sign == "left to one"
    aside = aside or _is_about(segments, at) or _is_part_of_loss(segments, measure)
    if plays or aside:
        head = measure if plays and not aside and "generator" not in kinds else None
        of_player = plays and measure.kind in _LOSSES
        return Meaning(None, "none", plays=of_player, head=head, codes=codes)
    return Meaning(
        measure,
        _turned(measure.better)
        if sign == "minus" or _is_negative(rows[:at], measure)
        else measure.better,
        rewards=measure.kind == "reward",
        fits=fits,
        codes=codes,
    )


def _is_never(rows: Sequence[Row | None], measure: Row) -> bool:
    """Whether a word says that there is no better; ``reg_mae`` is the error of a regression."""
    never = {row.word for row in rows if row and row.kind == "never"}
    return bool(never) and not (never == {"reg"} and measure.word in _OF_REGRESSION)


def is_reward(tag: str) -> bool:
    """Whether a tag is what an agent gets.

    Args:
        tag: The tag.
    """
    return meaning_of(tag).rewards


def is_loss(tag: str) -> bool:
    """Whether a tag is what training minimises, or a part of it.

    Args:
        tag: The tag.
    """
    measure = meaning_of(tag).measure
    return measure is not None and measure.kind in _LOSSES


def is_score(tag: str) -> bool:
    """Whether a tag says how good a model is, or what it makes, and is not what it minimises.

    Args:
        tag: The tag.
    """
    measure = meaning_of(tag).measure
    return measure is not None and measure.kind in {"measure", "sample"}


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
    # loss_iou is the loss that an IoU makes, loss/reward that of who predicts rewards.
    of_loss = measure.kind == "reward" or measure.word in _BOXES
    for place, own, row in named:
        if row.word in _LOSS_WORDS and (own == folder or of_loss):
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


def _is_part_of_loss(segments: Sequence[Sequence[Row | None]], measure: Row) -> bool:
    """Whether it stands in a folder of losses, where nobody knows if it is one: ``loss/dice``."""
    if measure.word not in _EITHER or any(
        row and row.kind == "score" for segment in segments for row in segment
    ):
        return False
    return any(row and row.word in _LOSS_WORDS for segment in segments for row in segment)


def _sign(tag: str, measure: Row) -> Literal["minus", "left to one"] | None:
    """What a measure is subtracted from in the tag: ``-elbo`` is zero less it."""
    for found in _SUBTRACTED.finditer(tag):
        behind = rows_of(_SEGMENTS.split(tag[found.end() :])[0])
        if behind and behind[0] is measure:
            return "left to one" if found[1] else "minus"
    return None


def _is_negative(before: Sequence[Row | None], measure: Row) -> bool:
    """Whether a ``neg`` stands before the measure, with nothing that it could mean in between.

    A negative cosine is a loss, and no loss turned round.
    """
    is_loss = measure.kind in _LOSSES
    for row in reversed(before):
        if row is None and is_loss:
            return False
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
    readings = readings_of(tags)
    meanings = {tag: meaning_of(readings.get(tag, tag)) for tag in tags}
    returns = _returns_of_monitor(tags)
    rewards = bool(returns) or any(each.rewards for each in meanings.values())
    heads = not rewards and fit_data([tag for tag in tags if meaning_of(tag).head], tags)
    plays = not heads and any(each.plays for each in meanings.values())
    rated = any(each.measure and each.measure.word in _RATINGS for each in meanings.values())
    compared = rewards and not plays and _learns_to_compare(tags)
    codes = _of_codes(tags, meanings.values())
    penalties = _penalties(tags)
    return MappingProxyType(
        {
            tag: "max"
            if tag in returns
            else "none"
            if tag in penalties
            else each.head.better
            if heads and each.head
            else each.beside(
                rewards=rewards, plays=plays, rated=rated, compared=compared, codes=codes
            )
            for tag, each in meanings.items()
        }
    )


def _returns_of_monitor(tags: Sequence[str]) -> frozenset[str]:
    """The tags ``r`` that are the returns of episodes, and no correlations.

    All that Monitor writes stands beside, in the same folder; or the run has nothing else.
    """
    by_folder: dict[str, set[str]] = {}
    for tag in tags:
        folder, slash, name = tag.rpartition("/")
        by_folder.setdefault(folder + slash, set()).add(name)
    return frozenset(
        folder + "r"
        for folder, names in by_folder.items()
        if "r" in names and (names >= _EPISODE or (len(by_folder) == 1 and names <= _EPISODE))
    )


def _of_codes(tags: Sequence[str], meanings: Collection[Meaning]) -> Collection[str]:
    """The perplexities of a run that are how many of a quantiser's codes are used."""
    if any(each.codes for each in meanings):
        return _PERPLEXITIES
    return _PERPLEXITIES_IN_FULL if _quantises(tags) else ()


def _quantises(tags: Sequence[str]) -> bool:
    """Whether a run is that of a quantiser by what it logs, though no tag says so.

    It rebuilds what it is given; what rebuilds text, and has a perplexity of words, is variational.
    """
    said = [frozenset(words(tag)) for tag in tags]
    rebuilt = any(not _REBUILT.isdisjoint(one) or one >= _REBUILT_LOSS for one in said)
    return rebuilt and all(_DIVERGENCES.isdisjoint(one) for one in said)


def _penalties(tags: Sequence[str]) -> frozenset[str]:
    """What norms of weights cost: ``bc/l2_loss`` beside ``bc/l2_norm`` is no distance."""
    normed = {words(tag)[:-1] for tag in tags if words(tag)[-3:] == _L2_NORM}
    return frozenset(
        tag for tag in tags if words(tag)[-3:] == _L2_LOSS and words(tag)[:-1] in normed
    )


def _learns_to_compare(tags: Sequence[str]) -> bool:
    """Whether a run learns which of two answers is better, as a reward model does.

    One that has an entropy beside learns from answers of its own: it is an agent all the same.
    """
    said = {word for tag in tags for word in words(tag)}
    compares = not _ANSWERS.isdisjoint(said) or (
        not _MARGINS.isdisjoint(said) and not _ACCURACIES.isdisjoint(said)
    )
    return compares and _ENTROPIES.isdisjoint(said)
