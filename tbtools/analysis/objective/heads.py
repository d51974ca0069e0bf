"""Runs in which a policy and a value are no players but two heads of a network that fits data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.objective.table import words
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HELD_OUT = frozenset({"validation", "test"})
_POLICIES = frozenset({"policy", "pi"})
_VALUES = frozenset({"value", "v"})
# What AlphaZero, KataGo and their kin count beside their losses, and what they search with.
_SELF_PLAY = frozenset({"game", "games", "mcts"})
# Who learns by a policy gradient or by temporal differences logs one of these.
_OF_AN_AGENT = frozenset(
    {
        *("entropy", "ent", "kl", "kld", "actor", "critic", "advantage", "advantages", "adv"),
        *("clip", "clipfrac", "ratio", "return", "returns", "epsilon", "ppo", "td", "q", "qf"),
    }
)


def fit_data(heads: Sequence[str], tags: Iterable[str]) -> bool:
    """Whether losses of a policy and of a value are of one who fits data, and of no agent.

    Args:
        heads: The tags of the run that may be of a head.
        tags: All its tags.
    """
    return any(map(_is_held_out_policy, heads)) or _is_self_play(heads, tags)


def _is_held_out_policy(tag: str) -> bool:
    """Whether a tag is of a policy on data held out: that of AlphaZero, or of one who imitates.

    The word for the data stands before that for the policy: ``policy/val_loss`` is of a value.
    """
    said = words(tag)
    return any(
        word in _POLICIES and any(ROLE_WORDS.get(other) in _HELD_OUT for other in said[:at])
        for at, word in enumerate(said)
    )


def _is_self_play(heads: Sequence[str], tags: Iterable[str]) -> bool:
    """Whether a policy and a value fit what a search of self-play found, as in AlphaZero.

    Both stand beside a count of games or the search, and beside nothing of an agent.
    """
    of_heads = frozenset(word for tag in heads for word in words(tag))
    if _POLICIES.isdisjoint(of_heads) or _VALUES.isdisjoint(of_heads):
        return False
    said = frozenset(word for tag in tags for word in words(tag))
    return not _SELF_PLAY.isdisjoint(said) and _OF_AN_AGENT.isdisjoint(said)
