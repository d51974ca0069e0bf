"""Which hyperparameters a random forest needs to foretell how good runs are.

Permutation importance (Breiman, "Random forests", Machine Learning 45, 2001): how much worse the
forest foretells runs when the values of one hyperparameter are exchanged among them. Each run is
foretold by a forest that has not seen it, of the other four fifths. It sees what a rank
correlation does not: a best value in the middle, choices without an order, hyperparameters that act
together. Of two that always change together it may need only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.importance import CONFIDENCE, FEWEST_RUNS, mean_ranks
from tbtools.analysis.level import student_quantile
from tbtools.runs.numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FOLDS, _TREES, _EXCHANGES = 5, 60, 5
# More do not make the answer better, and take seconds.
_MOST_RUNS = 2_000


@dataclass(frozen=True, slots=True)
class Needed:
    """How much a forest needs a hyperparameter.

    Attributes:
        name: The hyperparameter.
        importance: By how much the mean squared error grows, as a share of the variance of what is
            foretold: 0 of what tells nothing, 2 of what alone tells everything.
        low: The lower end of its interval, of all hyperparameters together.
        high: The upper end.
    """

    name: str
    importance: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Forest:
    """What a random forest over the hyperparameters tells.

    Attributes:
        runs: Of how many runs: of very many, 2,000 by chance.
        score: R² on runs that it has not seen, of the rank among the runs: 1 where it foretells it,
            0 and less where it tells nothing.
        foretells: Whether the score is above zero, by an interval of 95 %.
        hparams: The hyperparameters, the most needed first.
    """

    runs: int
    score: float
    foretells: bool
    hparams: tuple[Needed, ...]

    @property
    def clear(self) -> tuple[Needed, ...]:
        """Those whose interval is above zero; none where the forest foretells nothing."""
        return tuple(each for each in self.hparams if each.low > 0) if self.foretells else ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "runs": self.runs,
            "score": self.score,
            "foretells": self.foretells,
            "hparams": [each.to_dict() for each in self.hparams],
        }


def forest(
    goodness: Mapping[str, float], settings: Mapping[str, Mapping[str, Any]]
) -> Forest | None:
    """How much a random forest needs each hyperparameter that varies.

    Args:
        goodness: By run, the greater the better; a run that is not finite is minus infinity.
        settings: The hyperparameters of the runs, by run. One that a run does not have counts as
            one more value.

    Returns:
        None where scikit-learn is not installed (extra ``importance``), there are fewer than 13
        runs, or nothing varies.
    """
    names = list(dict.fromkeys(name for run in goodness for name in settings.get(run, {})))
    values = [goodness[run] for run in goodness]
    few = len(goodness) < FEWEST_RUNS or len(set(values)) < 2
    if few or not names or find_spec("sklearn") is None:
        return None
    columns = np.stack(
        [_column([settings[run].get(name, _column) for run in goodness]) for name in names], 1
    )
    random = np.random.default_rng(0)
    chosen = random.permutation(len(values))[:_MOST_RUNS]
    known, ranks = columns[chosen], mean_ranks(np.array(values)[chosen])
    plain, exchanged = _errors(known, ranks, random)
    better = (ranks - ranks.mean()) ** 2 - plain  # than their mean foretells them
    variance = float(ranks.var())
    worse = (exchanged.mean(1) - plain) / variance  # (hyperparameters, runs)
    reach = _reach(worse, 1 - (1 - CONFIDENCE) / len(names))
    middle = worse.mean(1)
    found = map(
        Needed, names, middle.tolist(), (middle - reach).tolist(), (middle + reach).tolist()
    )
    return Forest(
        runs=ranks.size,
        score=float(better.mean()) / variance,
        foretells=bool(better.mean() > _reach(better, CONFIDENCE)),
        hparams=tuple(sorted(found, key=lambda each: (each.low <= 0, -each.importance))),
    )


def _reach(values: Floats, confidence: float) -> Any:
    """How far the interval of their mean reaches to either side, along the last axis."""
    quantile = student_quantile(values.shape[-1] - 1, confidence)
    return quantile * values.std(-1, ddof=1) / np.sqrt(values.shape[-1])


def _column(values: Sequence[Any]) -> Floats:
    """Values as numbers: in their order where they have one; what is not there is least."""
    there = [value for value in values if value is not _column]
    numbers = np.array(
        [np.nan if isinstance(value, bool) else as_number(value) for value in there], np.float64
    )
    if not np.isfinite(numbers).all():
        numbers = np.unique(list(map(repr, there)), return_inverse=True)[1].astype(np.float64)
    column = np.full(len(values), numbers.min() - 1)
    column[[value is not _column for value in values]] = numbers
    return column


def _errors(known: Floats, ranks: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Squared errors of runs that a forest has not seen.

    Args:
        known: Hyperparameters, shape (runs, hyperparameters), in an order by chance.
        ranks: What is foretold, shape (runs,).
        random: Exchanges values.

    Returns:
        As they are, shape (runs,), and with one hyperparameter exchanged, shape (hyperparameters,
        exchanges, runs).
    """
    from sklearn.ensemble import RandomForestRegressor

    runs, count = known.shape
    plain, exchanged = np.empty(runs), np.empty((count, _EXCHANGES, runs))
    others = np.array([random.permutation(runs) for _ in range(_EXCHANGES)])
    for fold in range(_FOLDS):
        held = np.arange(runs) % _FOLDS == fold
        trees = RandomForestRegressor(_TREES, random_state=0).fit(known[~held], ranks[~held])
        plain[held] = (trees.predict(known[held]) - ranks[held]) ** 2
        asked = np.tile(known[held], (count, _EXCHANGES, 1, 1))
        for number in range(count):
            asked[number, :, :, number] = known[others[:, held], number]
        foretold = trees.predict(asked.reshape(-1, count)).reshape(asked.shape[:-1])
        exchanged[:, :, held] = (foretold - ranks[held]) ** 2
    return plain, exchanged
