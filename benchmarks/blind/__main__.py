"""Scores tbtools' detection on the blind set.

    python -m benchmarks.blind --seed 0:20 --part held-out

Without `--part` it is the first set, both of its parts. Families of the development part are told
by name. Those held out and those of the other sets are only counted, unless `--show-misses` asks
for them: looking at what was missed is the first step of tuning on it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from benchmarks.blind.every import EVERY
from benchmarks.blind.families import FAMILIES
from benchmarks.blind.runs import PARTS
from benchmarks.blind.score import RunScore, by_kind, of_healthy, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.blind.runs import Family


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    families = [one for one in EVERY if one.part == options.part] or FAMILIES
    scores = score(families, options.seed, jobs=options.jobs)
    healthy = {one.name for one in families if one.healthy}
    runs = len(options.seed)
    print(f"{len(families)} families ({len(healthy)} healthy), {runs} runs of each\n")
    _print_kinds(scores)
    _print_healthy([one for one in scores if one.family in healthy])
    _print_others([one for one in scores if one.family not in healthy])
    for part in PARTS:
        shown = part == "development" or options.show_misses
        _print_part(part, [one for one in families if one.part == part], scores, shown=shown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blind", description=__doc__)
    parser.add_argument("--seed", type=_range, default=range(20), metavar="A:B")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show-misses", action="store_true")
    return parser


def _range(text: str) -> range:
    first, colon, last = text.partition(":")
    return range(int(first), int(last)) if colon else range(int(first), int(first) + 1)


def _print_kinds(scores: Sequence[RunScore]) -> None:
    print("| label | found | onset right, of those | best step right | as an error |")
    print("| --- | --- | --- | --- | --- |")
    for kind, one in by_kind(scores).items():
        print(f"| {kind} | {one.found} | {one.onset} | {one.best} | {one.error} |")
    print()


def _print_healthy(scores: Sequence[RunScore]) -> None:
    total = of_healthy(scores)
    print("| healthy | |\n| --- | --- |")
    print(f"| runs with a warning or an error | {total.alarmed} |")
    print(f"| runs with an error | {total.errors} |")
    print(f"| prefixes with an error | {total.errors_at_cuts} |")
    print(f"| runs with an error at some prefix | {total.errors_at_any_cut} |")
    print(f"| what the alarms are | {_counts(total.kinds)} |\n")


def _print_others(scores: Sequence[RunScore]) -> None:
    others = Counter(other for one in scores for other in one.others)
    print(f"Labelled runs also have alarms that no label asks for: {_counts(others)}\n")


def _counts(kinds: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{kind} ({how}) {n}" for (kind, how), n in kinds.most_common()) or "none"


def _print_part(
    part: str, families: Sequence[Family], scores: Sequence[RunScore], *, shown: bool
) -> None:
    if not families:
        return
    by_family = {name: list(runs) for name, runs in groupby(scores, key=lambda one: one.family)}
    faulty = [one for one in families if any(_faults(run) for run in by_family[one.name])]
    print(f"{part}: {len(families)} families, {len(faulty)} with a miss, a wrong step or an alarm")
    if shown:
        print("\n| family | found | onset right | alarms | errors at prefixes | runs at fault |")
        print("| --- | --- | --- | --- | --- | --- |")
        for family in families if part == "development" else faulty:
            print(_row(family, by_family[family.name]))
    print()


def _row(family: Family, runs: Sequence[RunScore]) -> str:
    kinds = by_kind(runs)
    found = ", ".join(f"{kind} {one.found.count}/{one.found.of}" for kind, one in kinds.items())
    onset = ", ".join(f"{one.onset.count}/{one.onset.of}" for one in kinds.values())
    alarms = (
        _counts(Counter(other for one in runs for other in one.others)) if family.healthy else ""
    )
    errors = Counter(kind for one in runs for kind in one.errors_at_cuts)
    cuts = ", ".join(f"{kind} {n}" for kind, n in errors.most_common())
    seeds = " ".join(
        str(one.seed) for one in runs if _faults(one) or (family.healthy and one.others)
    )
    return f"| {family.name} | {found} | {onset} | {alarms} | {cuts} | {seeds} |"


def _faults(run: RunScore) -> bool:
    """Whether a label was missed or misdated, or a healthy run was called broken."""
    wrong = any(not (told.found and told.onset_right) for told in run.told)
    return wrong or bool(run.errors_at_cuts) or (not run.told and bool(run.others))


if __name__ == "__main__":
    main()
