"""Which way is better: the objective of a tag, its bound, and what it was measured on."""

from tbtools.analysis.objective.bounds import bound, worst
from tbtools.analysis.objective.machinery import (
    Machinery,
    evaluation_pace_of,
    is_clipping,
    is_limit,
    machinery_of,
)
from tbtools.analysis.objective.meaning import (
    better_alone,
    is_loss,
    is_players,
    is_reward,
    is_score,
    may_be_minimised,
)
from tbtools.analysis.objective.overrides import (
    objectives_of,
    parse_objectives,
    require_objectives,
)
from tbtools.analysis.objective.roles import role_of
from tbtools.analysis.objective.table import words
from tbtools.analysis.objective.vital import Vital, is_deviation, vital_of

__all__ = [
    "Machinery",
    "Vital",
    "better_alone",
    "bound",
    "evaluation_pace_of",
    "is_clipping",
    "is_deviation",
    "is_limit",
    "is_loss",
    "is_players",
    "is_reward",
    "is_score",
    "machinery_of",
    "may_be_minimised",
    "objectives_of",
    "parse_objectives",
    "require_objectives",
    "role_of",
    "vital_of",
    "words",
    "worst",
]
