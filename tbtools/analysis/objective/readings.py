"""Names that say what they measure only together with the other tags of their run.

Each is read as another name, whose words are in the table: ``v_loss`` beside ``t_loss`` as
``val_loss``, ``PDE`` beside ``BC`` as ``PDE loss``. What stands alone stays as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from tbtools.analysis.objective.table import rows_of, words
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tbtools.analysis.objective.table import Phrase

_HELD_OUT = frozenset({"validation", "test"})
# A letter before or behind a measure, as in v_loss, tloss, loss_v, or pi; and two that together are
# of no agent: training and validation, text and video.
_LETTER = re.compile(
    r"(?<![^\W_])(?:pi|[a-z])(?=[\W_]|loss)|(?<=(?<![^\W_])loss_)(?:pi|[a-z])(?![^\W_])",
    re.IGNORECASE,
)
_TRAINED_AND_HELD_OUT = frozenset({"t", "v"})
# Distances, and what norms of weights are: on data that is held out they are distances.
_DISTANCES = frozenset({("l", "1"), ("l", "2")})
# Beside these they are of pixels.
_PIXELS = frozenset({"psnr", "ssim", "lpips", "vgg", "perceptual", "percep"})
# What a student learns from its teacher, and what tells that there is one.
_TAUGHT = frozenset({("kl",), ("kl", "loss"), ("kld",), ("kld", "loss"), ("kl", "div")})
_TEACHERS = frozenset({"teacher", "student", "distill", "distillation", "distil", "agreement"})
_LEARNED = frozenset({"loss", "fit", "player", "generator", "reward"})
# Folders of what was measured, beside those of held-out data.
_MEASURED = frozenset(
    {"benchmark", "benchmarks", "score", "scores", "metric", "metrics", "results", "downstream"}
)
# The equations that a physics-informed network is to solve, and what else its loss is made of.
_EQUATIONS = frozenset({"pde", "pdes", "ode", "odes", "phys", "physics"})
_CONDITIONS = frozenset(
    {"bc", "bcs", "ic", "ics", "boundary", "residual", "residuals", "data", "total"}
)
# Beside their losses initial_theta_loss is of an initial condition; alone, the loss at the start.
_LAWS = _EQUATIONS | {"bc", "bcs", "boundary", "residual", "residuals", "dynamics"}
_INITIAL = frozenset({"initial", "init"})
_SENSITIVITIES = frozenset({("sens",), ("sensitivity",)})
_SPECIFICITY = ("spec",)
# The error of speech by phonemes; elsewhere memory that is played back by its priority.
_PHONEMES = ("per",)
# The errors of who detects presentation attacks (ISO/IEC 30107-3); ACER alone is an algorithm.
_ATTACKS = frozenset({("apcer",), ("bpcer",)})
_ATTACK_MEAN = ("acer",)
# Between distributions; a critic's estimate of it is no distance.
_TRANSPORT = frozenset({("wasserstein",), ("wasserstein", "distance"), ("wasserstein", "dist")})
_PLAYERS = frozenset({"player", "generator"})
_PERPLEXITIES = frozenset({"perplexity", "ppl"})
# DreamerV3's.
_BOTH_STATES = {frozenset({"loss", "dyn"}), frozenset({"loss", "rep"})}
_LOSSES = frozenset({"loss", "losses", "nll", "ce", "xent", "crossentropy"})


def readings_of(tags: Sequence[str]) -> Mapping[str, str]:
    """As what the tags of a run are read that say too little alone.

    Args:
        tags: All tags of the run.

    Returns:
        For each of these, the name that says it; the others are not there.
    """
    own = {tag: _own(tag) for tag in tags}
    return {
        **_held_out_by_letter(tags),
        **dict(_distances(own)),
        **dict(_taught(own)),
        **dict(_alone(own)),
        **dict(_transports(own)),
        **dict(_terms_of_physics(own)),
        **dict(_initial_conditions(own)),
        **dict(_rates(own)),
        **dict(_losses_of_words(own)),
        **dict(_states_of_a_world(own)),
    }


def _own(tag: str) -> Phrase:
    """The words of a tag but for those that say of which data it is."""
    return tuple(word for word in words(tag) if word not in ROLE_WORDS)


def _is_held_out(tag: str) -> bool:
    return any(ROLE_WORDS.get(word) in _HELD_OUT for word in words(tag))


def _held_out_by_letter(tags: Sequence[str]) -> Mapping[str, str]:
    """Tags as ``v_loss``, and as what they are read: ``val_loss``.

    ``t_loss`` stands beside, and no ``q_loss`` or ``p_loss``, with which they were of an agent.
    """
    by_rest: dict[tuple[str, str], dict[str, str]] = {}
    for tag in tags:
        if found := _LETTER.search(tag):
            rest = tag[: found.start()], tag[found.end() :]
            by_rest.setdefault(rest, {})[found[0].lower()] = tag
    return {
        letters["v"]: f"{before}val{behind}"
        for (before, behind), letters in by_rest.items()
        if letters.keys() == _TRAINED_AND_HELD_OUT
    }


def _distances(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``val_L1``, and ``train_L1`` beside it, as ``val_L1 loss``; ``L1`` beside ``PSNR``, too."""
    measured: Collection[Phrase] = {
        said for tag, said in own.items() if said in _DISTANCES and _is_held_out(tag)
    }
    if not measured and _says(own, _PIXELS):
        measured = {("l", "1")}
    return ((tag, f"{tag} loss") for tag, said in own.items() if said in measured)


def _taught(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``train/kl_loss`` and ``distill/val_kl`` of a student, if nothing else is a loss."""
    if not _says(own, _TEACHERS):
        return
    bare = {tag: tuple(word for word in said if word not in _TEACHERS) for tag, said in own.items()}
    others = (row for tag, said in bare.items() if said not in _TAUGHT for row in rows_of(tag))
    if _LEARNED.isdisjoint(row.kind for row in others if row):
        yield from ((tag, "nll") for tag, said in bare.items() if said in _TAUGHT)


def _alone(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``eval/mmlu``, of which nothing else is said, as a score; ``forgetting`` as an error."""
    for tag, said in own.items():
        named = next((row for row in rows_of(tag) if row and row.kind == "alone"), None)
        if named is None:
            continue
        besides = {*said} - {*named.word.split()} - _MEASURED
        if all(word.isdigit() for word in besides):
            yield tag, "accuracy" if named.better == "max" else "error"


def _transports(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``val_wasserstein`` where nothing else is of two players, as the earth mover's distance."""
    measured = [tag for tag, said in own.items() if said in _TRANSPORT and _is_held_out(tag)]
    if measured:
        others = (tag for tag, said in own.items() if said not in _TRANSPORT)
        rows = (row for tag in others for row in rows_of(tag) if row)
        if _PLAYERS.isdisjoint(row.kind for row in rows):
            yield from ((tag, "emd") for tag in measured)


def _terms_of_physics(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``PDE``, ``BC``, ``data`` and ``total``, which stand side by side, as losses."""
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for tag, said in own.items():
        if len(said) == 1:
            folders[tag.rpartition("/")[0]][tag] = said[0]
    for named in folders.values():
        present = set(named.values())
        if present & _EQUATIONS and len(present & (_EQUATIONS | _CONDITIONS)) > 1:
            terms = (tag for tag, word in named.items() if word in _EQUATIONS | _CONDITIONS)
            yield from ((tag, f"{tag} loss") for tag in terms)


def _initial_conditions(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``initial_theta_loss`` beside ``dynamics_loss``."""
    losses = {tag: said for tag, said in own.items() if not _LOSSES.isdisjoint(said)}
    if _says(losses, _LAWS):
        initial = (tag for tag, said in losses.items() if not _INITIAL.isdisjoint(said))
        yield from ((tag, "initial condition loss") for tag in initial)


def _rates(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``val_spec`` beside ``val_sens``, ``acer`` beside ``apcer``, and ``val_per``."""
    paired = not _SENSITIVITIES.isdisjoint(own.values())
    attacked = not _ATTACKS.isdisjoint(own.values())
    for tag, said in own.items():
        if said == _SPECIFICITY and paired:
            yield tag, "specificity"
        elif said == _ATTACK_MEAN and attacked:
            yield tag, "eer"
        elif said == _PHONEMES and _is_held_out(tag):
            yield tag, "phoneme error rate"


def _losses_of_words(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``train`` and ``val`` beside ``val_ppl``, where nothing else is named a loss."""
    if _says(own, _PERPLEXITIES) and not _says(own, _LOSSES):
        yield from ((tag, f"{tag} loss") for tag, said in own.items() if not said and words(tag))


def _states_of_a_world(own: Mapping[str, Phrase]) -> Iterator[tuple[str, str]]:
    """``loss/dyn`` and ``loss/rep``, between which a world model's states are, as divergences."""
    if {frozenset(said) for said in own.values()} >= _BOTH_STATES:
        yield from ((tag, "kl") for tag, said in own.items() if frozenset(said) in _BOTH_STATES)


def _says(own: Mapping[str, Phrase], named: Collection[str]) -> bool:
    return any(word in named for said in own.values() for word in said)
