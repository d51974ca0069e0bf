"""Digests of what families make, by which a change of a frozen set is seen.

    python -m benchmarks.blind.frozen third > benchmarks/blind/third/frozen.json

Values are told to a millionth of the largest of their series and wall times to a tenth of a second,
since the last bits of exp and its like are those of a processor.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.runs import START

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from benchmarks.blind.runs import Family

SEEDS = range(4)


def digest(family: Family) -> str:
    """Of all points and labels of a family's first runs."""
    seen = hashlib.sha256(f"{family.kind} {family.tolerated} {family.monitored}".encode())
    for seed in SEEDS:
        run = family.run(seed)
        for session in run.sessions:
            for tag, series in session.series.items():
                seen.update(f"{session.run} {tag}".encode())
                seen.update(series.steps.astype("<i8").tobytes())
                seen.update(_whole(10 * (series.wall_times - START)))
                seen.update(_whole(1e6 * series.values / _largest(series.values)))
        seen.update(repr(run.truths).encode())
    return seen.hexdigest()[:16]


def _largest(values: NDArray[np.float64]) -> float:
    return float(np.max(np.abs(values), where=np.isfinite(values), initial=0)) or 1.0


def _whole(numbers: NDArray[np.float64]) -> bytes:
    """Numbers to the unit; what is not finite by its name."""
    finite = np.isfinite(numbers)
    units = np.round(np.where(finite, numbers, 0)).astype("<i8")
    return units.tobytes() + repr(numbers[~finite].tolist()).encode()


def digests(families: Iterable[Family]) -> dict[str, str]:
    """By the names of families."""
    return {family.name: digest(family) for family in families}


def frozen(part: str) -> dict[str, str]:
    """The digests that are kept of a set."""
    path = Path(__file__).parent / part / "frozen.json"
    return {str(name): str(kept) for name, kept in json.loads(path.read_text()).items()}


if __name__ == "__main__":
    from benchmarks.blind.every import EVERY

    print(json.dumps(digests(one for one in EVERY if one.part == sys.argv[1]), indent=1))
