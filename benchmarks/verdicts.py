"""`python -m benchmarks.verdicts`: how often `diff` sees a difference where there is none.

Prints the tables of docs/diff.md. Curves are autoregressive noise, yᵢ = φ yᵢ₋₁ + εᵢ, two of one
distribution or one of them raised; groups are independent numbers, one a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.reading.document import markdown_table
from tbtools.analysis.diff.evidence import across_runs, against_noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TRIALS = 2000
_COUNTS = (4, 10, 20, 50, 100, 250)
_PHIS = (0.0, 0.5, 0.9, 0.97)
_SIZES = (3, 4, 5, 10)
_SHIFTS = (0.0, 1.0, 2.0, 3.0)
_WARM_UP = 300  # until the noise has forgotten where it began


def curve(random: np.random.Generator, count: int, phi: float) -> Floats:
    """Autoregressive noise of standard deviation 1."""
    innovations = random.normal(scale=np.sqrt(1 - phi**2), size=count + _WARM_UP)
    values = np.zeros_like(innovations)
    for at in range(1, values.size):
        values[at] = phi * values[at - 1] + innovations[at]
    return values[_WARM_UP:]


def percent(trial: Callable[[], bool]) -> str:
    """How often something happens."""
    return f"{100 * sum(trial() for _ in range(_TRIALS)) / _TRIALS:.1f}"


def of_curves(random: np.random.Generator, shift: float) -> str:
    def rate(count: int, phi: float) -> str:
        def told() -> bool:
            a, b = curve(random, count, phi), curve(random, count, phi) + shift
            return against_noise(a, b, "max").verdict != "no evidence"

        return percent(told)

    header = ["points at the end", *(f"φ = {phi:g}" for phi in _PHIS)]
    rows = [[str(count), *(rate(count, phi) for phi in _PHIS)] for count in _COUNTS]
    return markdown_table(header, rows)


def of_groups(random: np.random.Generator) -> str:
    def rate(size: int, shift: float) -> str:
        def told() -> bool:
            a, b = random.normal(size=size), random.normal(size=size) + shift
            return across_runs(a.tolist(), b.tolist(), "max").verdict != "no evidence"

        return percent(told)

    header = ["runs a side", *(f"{shift:g} sd apart" for shift in _SHIFTS)]
    rows = [[str(size), *(rate(size, shift) for shift in _SHIFTS)] for size in _SIZES]
    return markdown_table(header, rows)


def main() -> None:
    """Prints the tables."""
    random = np.random.default_rng(0)
    print(f"Two curves of one distribution:\n\n{of_curves(random, 0.0)}\n")
    print(f"One raised by one standard deviation:\n\n{of_curves(random, 1.0)}\n")
    print(f"Groups:\n\n{of_groups(random)}")


if __name__ == "__main__":
    main()
