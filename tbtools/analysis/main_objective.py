"""Which series tell how good runs are: one rule for commands, pages and notebooks.

Of the tags that have an objective, those come first that compare the runs best. A single run is
judged at a glance by the first of them that it has.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tbtools.analysis.objective import objectives_of, role_of, words
from tbtools.analysis.objective.meaning import meaning_of
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tbtools.vocabulary import Objective

# Words of the objectives that are most often what the training is about.
_MAIN_WORDS = frozenset({"loss", "reward", "return"})
# What people quote of a detector and of a classifier, where it is not said to be of training.
_PRECISION = frozenset({"map", "ap", "aps", "cocoap", "average precision"})
_ACCURACY = frozenset({"acc", "accs", "accuracy", "accuracies", "top #", "topk", "macc"})
_QUOTED = (_PRECISION, _ACCURACY)
# Of a language model they quote one of these or the loss, and not how often a token was guessed.
_LIKELIHOOD = frozenset(
    {"perplexity", "perplexities", "ppl", "log perplexity"}
    | {"bpb", "bpc", "bits per byte", "bits per char"}
)


class Objectives(NamedTuple):
    """Which way is better for the tags of some runs, and which of them tell most.

    Attributes:
        directions: Which way is better, by tag; of a tag whose meaning only some of the runs tell
            (a plain ``loss`` beside a ``policy_loss`` has no objective) what these say.
        by_run: The same as each run has it.
        ranked: The tags that have an objective, the most telling first.
    """

    directions: dict[str, Objective]
    by_run: dict[str, dict[str, Objective]]
    ranked: tuple[str, ...]

    def of_run(self, run: str) -> str | None:
        """The tag by which a run is judged at a glance; None where no tag of its own tells."""
        return self.of_runs([run]).get(run)

    def of_runs(self, runs: Iterable[str]) -> dict[str, str]:
        """The same of each of some runs, without those of which no tag tells."""
        found: dict[str, str] = {}
        known: dict[int, str | None] = {}  # of runs with the same tags, which are most
        for run in runs:
            own = self.by_run.get(run, {})
            if id(own) not in known:
                telling = (tag for tag in self.ranked if own.get(tag, "none") != "none")
                known[id(own)] = next(telling, None)
            if (tag := known[id(own)]) is not None:
                found[run] = tag
        return found


def rank_objectives(
    points: Mapping[str, Mapping[str, int]],
    overrides: Mapping[str, Objective] | None = None,
    all_tags: Mapping[str, Iterable[str]] | None = None,
) -> Objectives:
    """Ranks the objectives of runs that are looked at together.

    Those with more than one point in some run come first; of these those that at least half as many
    runs have as have any; then what people mean by a better run: a reward, an average precision, an
    accuracy, the last two unless they are of training, and then what was measured on validation
    data (of language models, which have a perplexity or the like, accuracies do not come first); of
    these validation before training, a loss or a reward before another, the one that most
    runs have, the one with the most points; among equals the one whose tag is shortest, which is
    mostly the total.

    Args:
        points: How many points each scalar has, by run and tag.
        overrides: Which way is better, by glob over tags.
        all_tags: All tags of each run, where `points` has but those that are selected.

    Raises:
        InvalidObjective: An override is none of ``min``, ``max``, ``none``.
    """

    @cache  # runs have the same tags, again and again
    def of_tags(tags: tuple[str, ...]) -> dict[str, Objective]:
        return objectives_of(tags, overrides)

    by_run = {run: of_tags(tuple(tags)) for run, tags in (all_tags or points).items()}
    directions = _directions(by_run.values())
    runs: Counter[str] = Counter()
    total: Counter[str] = Counter()
    moving = set()
    for (tags, own), many in _alike(points, by_run):
        for tag, count in tags.items():
            if own[tag] == "none":
                continue
            runs[tag] += many
            total[tag] += many * count
            if count > 1:
                moving.add(tag)
    most = max(runs.values(), default=0)
    quoted = [_PRECISION] if _LIKELIHOOD & {_measured(tag) for tag in runs} else _QUOTED

    def prominence(tag: str) -> tuple[bool | int | str, ...]:
        own = set(words(tag))
        return (
            tag not in moving,
            2 * runs[tag] < most,
            _standing(tag, quoted),
            role_of(tag) not in EVALUATIONS,
            not own & _MAIN_WORDS,
            -runs[tag],
            -total[tag],
            len(tag),
            tag,
        )

    return Objectives(directions, by_run, tuple(sorted(runs, key=prominence)))


def _alike(
    points: Mapping[str, Mapping[str, int]], by_run: Mapping[str, Mapping[str, Objective]]
) -> Iterator[tuple[tuple[Mapping[str, int], Mapping[str, Objective]], int]]:
    """The points of the tags of runs and their objectives, and how many runs share these two."""
    pairs = [(tags, by_run[run]) for run, tags in points.items()]
    many = Counter((id(tags), id(own)) for tags, own in pairs)
    for pair in pairs:
        if count := many.pop((id(pair[0]), id(pair[1])), 0):
            yield pair, count


def _measured(tag: str) -> str | None:
    """The word of what a tag measures."""
    measure = meaning_of(tag).measure
    return measure.word if measure else None


def _standing(tag: str, quoted: Sequence[frozenset[str]]) -> int:
    """How directly a tag says which run is better, the most directly first."""
    measure, role = meaning_of(tag).measure, role_of(tag)
    if measure is not None and measure.kind == "reward":
        return 0
    if role != "train":
        for place, names in enumerate(quoted, 1):
            if _measured(tag) in names:
                return place
    return 3 if role in EVALUATIONS else 4


def _directions(runs: Iterable[Mapping[str, Objective]]) -> dict[str, Objective]:
    found: dict[str, Objective] = {}
    before: Mapping[str, Objective] = {}
    for own in runs:
        if own is before:  # which says nothing new
            continue
        before = own
        for tag, direction in own.items():
            if direction != "none" or tag not in found:
                found[tag] = direction
    return found
