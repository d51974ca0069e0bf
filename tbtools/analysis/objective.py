"""Which way is better: the objective of a tag, read from its words.

A tag is split into words at everything that is no letter or digit and where camel case begins a new
word. Three tables hold the words that say something; ``docs/detection.md`` shows them:

- `BETTER_DOWN`, `BETTER_UP`: the last of them in the tag decides, so that ``reward/loss`` is a loss
  and ``loss/accuracy`` an accuracy. ``neg`` before such a word turns it round.
- `QUANTITIES`: after such a word they make it a quantity about it (``loss_scale``, ``reward_std``).
- `PLAYERS` and `REGULARISERS`: losses that nobody wants at zero. The losses of a generator and its
  discriminator, or of an actor and its critic, chase each other; regularisers and Kullback-Leibler
  terms rise while all is well. Wherever such a word stands, the tag has no objective.

A plain ``loss`` next to the loss of a player in one run is a sum of such, and has no objective
either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from tbtools.errors import InvalidObjective, UnknownTag, UnsupportedType
from tbtools.vocabulary import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.vocabulary import Objective


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


BETTER_DOWN = _set("""
    loss losses cost nll ce bce xent xentropy crossentropy logloss hinge mse rmse mae mape smape
    msle rmsle err error errors perplexity ppl bpb bpc bpd bits wer cer ter mer fid kid fad lpips
    regret brier ece eer fpr fnr minade minfde ade fde hausdorff misclassification chamfer
""")
BETTER_UP = _set("""
    acc accuracy accuracies top1 top3 top5 top10 precision recall f1 f2 fbeta fscore f1score auc
    auroc roc prauc auprc ap map ap50 ap75 map50 iou miou dice jaccard bleu sacrebleu rouge rouge1
    rouge2 rougel chrf meteor cider spice psnr ssim msssim reward rewards rew return returns ret
    score scores success successes win wins winrate r2 mcc kappa ndcg mrr hits pearson spearman
    kendall likelihood loglikelihood correct tpr tnr sensitivity specificity fitness elo
""")
QUANTITIES = _set("""
    scale scaler scaling weight weights coef coeff coefficient std stddev var variance count num
    time sec secs seconds ms duration size length len lr norm grad grads gradient gradients
    threshold temperature tokens samples ratio memory histogram pos position rank
""")
PLAYERS = _set("""
    policy actor critic value vf pg pi q q1 q2 qf qf1 qf2 td advantage surrogate
    generator discriminator gen disc gan adv adversarial g d netg netd fake contrastivedivergence
""")
REGULARISERS = _set("""
    entropy ent alpha kl kld kldiv divergence reg regularization regularisation regularizer
    regulariser decay commit commitment codebook vq aux auxiliary balance balancing real v values
""")
MOVING_TARGETS = PLAYERS | REGULARISERS
# Long enough to be known at the end of a word that was written without a break: valloss, mlogloss.
ENDINGS = ("loss", "error", "accuracy", "perplexity", "crossentropy", "reward")

# The runs of an experiment have the same tags; what was read from one is kept for this many.
_TAGS_KEPT = 10_000

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
# Words that mean something only together, or something else than alone.
_PHRASES = {
    ("cross", "entropy"): "crossentropy",
    ("log", "likelihood"): "likelihood",
    ("negative", "likelihood"): "nll",
    ("neg", "likelihood"): "nll",
    ("negative", "log"): "neg",
    ("io", "u"): "iou",
    ("win", "rate"): "winrate",
    ("top", "1"): "top1",
    ("top", "5"): "top5",
    ("contrastive", "divergence"): "contrastivedivergence",
    ("real", "time"): "time",
    ("real", "valued"): "valued",
}


def words(tag: str) -> list[str]:
    """Splits a tag into lower-case words, known phrases as one word.

    Args:
        tag: The tag, in whatever style: ``train/loss``, ``valLoss``, ``Loss-Total``.
    """
    parts = [part.lower() for part in _WORD.findall(tag)]
    joined: list[str] = []
    for part in parts:
        joined.append(part)
        while len(joined) > 1 and (joined[-2], joined[-1]) in _PHRASES:
            joined[-2:] = [_PHRASES[joined[-2], joined[-1]]]
    return joined


def _direction(word: str) -> Objective | None:
    if word in BETTER_DOWN:
        return "min"
    if word in BETTER_UP:
        return "max"
    for ending in ENDINGS:
        if word.endswith(ending):
            return _direction(ending)
    return None


def is_moving_target(tag: str) -> bool:
    """Whether a word of the tag says that it is a player's loss or a regulariser."""
    return any(word in MOVING_TARGETS for word in words(tag))


@lru_cache(_TAGS_KEPT)
def objective_of(tag: str) -> Objective:
    """Says which way is better for a tag, by its words alone.

    Args:
        tag: The tag.

    Returns:
        ``"min"`` where lower is better, ``"max"`` where higher is, ``"none"`` where the words do
        not say, or say that neither is.
    """
    if is_moving_target(tag):
        return "none"
    found: Objective = "none"
    negated = False
    for word in words(tag):
        direction = _direction(word)
        if direction is not None:
            found = _turned(direction) if negated else direction
            negated = False
        elif word in QUANTITIES:
            found = "none"
        negated = negated or word == "neg"
    return found


def _turned(direction: Objective) -> Objective:
    return "max" if direction == "min" else "min"


def parse_objectives(rules: Iterable[str]) -> dict[str, Objective]:
    """Reads rules of the form ``GLOB=min|max|none``, as the option ``--objective`` takes them.

    Args:
        rules: The rules, in order.

    Raises:
        InvalidObjective: A rule has no ``=``, an empty glob, or another word behind it.
    """
    known: dict[str, Objective] = {direction: direction for direction in OBJECTIVES}
    parsed: dict[str, Objective] = {}
    for rule in rules:
        glob, _, direction = rule.rpartition("=")
        if not glob or direction not in known:
            raise InvalidObjective(rule)
        parsed[glob] = known[direction]
    return parsed


def objectives_of(
    tags: Sequence[str], overrides: Mapping[str, Objective] | None = None
) -> dict[str, Objective]:
    """Says which way is better for each tag of one run.

    Args:
        tags: All tags of the run: a plain ``loss`` beside a ``policy_loss`` is a sum of moving
            targets.
        overrides: Direction by glob, matched against the whole tag with case; the last that matches
            holds, over everything that the words say.

    Raises:
        InvalidObjective: An override is none of ``min``, ``max``, ``none``.
        UnsupportedType: The overrides are no mapping.
    """
    overrides = {} if overrides is None else overrides
    if not isinstance(overrides, Mapping):
        raise UnsupportedType(f"objectives is {overrides!r}, not a mapping of globs to directions")
    for glob, direction in overrides.items():
        if direction not in OBJECTIVES:
            raise InvalidObjective(f"{glob}={direction}")
    summed = any(_is_loss_of_a_player(tag) for tag in tags)
    return {tag: _overridden(tag, overrides, summed=summed) for tag in tags}


def require_objectives(tags: Iterable[str], overrides: Mapping[str, Objective] | None) -> None:
    """Refuses a direction for tags that are not there: with a typing mistake it has no effect.

    Args:
        tags: The tags of all runs.
        overrides: As for `objectives_of`.

    Raises:
        InvalidObjective: An override is none of ``min``, ``max``, ``none``.
        UnsupportedType: The overrides are no mapping.
        UnknownTag: A glob matches no tag.
    """
    objectives_of((), overrides)
    known = dict.fromkeys(tags)
    for glob in overrides or ():
        if not any(fnmatchcase(tag, glob) for tag in known):
            raise UnknownTag(glob, known)


def _overridden(tag: str, overrides: Mapping[str, Objective], *, summed: bool) -> Objective:
    for glob in reversed(list(overrides)):
        if fnmatchcase(tag, glob):
            return overrides[glob]
    if summed and _deciding_word(tag).endswith(("loss", "losses")):
        return "none"
    return objective_of(tag)


@lru_cache(_TAGS_KEPT)
def _is_loss_of_a_player(tag: str) -> bool:
    parts = words(tag)
    losses = [part for part in parts if part.endswith(("loss", "losses"))]
    return bool(losses) and any(part in PLAYERS for part in parts)


@lru_cache(_TAGS_KEPT)
def _deciding_word(tag: str) -> str:
    return next((word for word in reversed(words(tag)) if _direction(word)), "")
