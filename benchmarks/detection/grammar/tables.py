"""What the misses have in common: shares by value and by pair of values, the worst first."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from benchmarks.blind.score import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.detection.grammar.cases import Outcome


def print_outcomes(name: str, outcomes: Sequence[Outcome], worst: int) -> None:
    """A row for the kind, and the worst values and pairs of values."""
    found, placed = Share(), Share()
    for one in outcomes:
        found.add(one.found)
        if one.found and not one.case.healthy:
            placed.add(one.placed)
    print(f"| {name} | {found} | {placed} |")
    if worst:
        for size in (1, 2):
            print_worst(outcomes, size, worst, lambda one: one.found, "found")
            print_worst(
                [one for one in outcomes if one.found],
                size,
                worst,
                lambda one: one.placed,
                "placed",
            )


def print_worst(
    outcomes: Sequence[Outcome],
    size: int,
    worst: int,
    good: Callable[[Outcome], bool],
    what: str,
) -> None:
    """Those values, or pairs of them, of which most are not good, by how sure that is."""
    shares: dict[tuple[tuple[str, str], ...], Share] = defaultdict(Share)
    for one in outcomes:
        for values in combinations(sorted(one.case.attributes.items()), size):
            shares[values].add(good(one))
    ranked = sorted(shares.items(), key=lambda item: item[1].interval()[1])
    for values, share in ranked[:worst]:
        if share.count < share.of:
            print(f"    {what} {share}: " + ", ".join(f"{name}={value}" for name, value in values))
