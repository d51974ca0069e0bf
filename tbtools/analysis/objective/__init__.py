"""Which way is better: the objective of a tag, its bound, and what it was measured on."""

from tbtools.analysis.objective.bounds import bound
from tbtools.analysis.objective.machinery import Machinery, machinery_of
from tbtools.analysis.objective.meaning import is_reward
from tbtools.analysis.objective.overrides import (
    objectives_of,
    parse_objectives,
    require_objectives,
)
from tbtools.analysis.objective.roles import role_of
from tbtools.analysis.objective.table import words

__all__ = [
    "Machinery",
    "bound",
    "is_reward",
    "machinery_of",
    "objectives_of",
    "parse_objectives",
    "require_objectives",
    "role_of",
    "words",
]
