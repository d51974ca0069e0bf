"""Runs the detection benchmark and prints its tables as Markdown.

python -m benchmarks.detection validation --count 100
python -m benchmarks.detection validation --count 20 --peers PEERS/bin
python -m benchmarks.detection trained --count 5
python -m benchmarks.detection grammar --kind divergence --count 500 --worst 10
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection import peers
from benchmarks.detection.grammar.command import MAKERS, print_grammar
from benchmarks.detection.score import Score, onset_error, score, tolerance, with_errors
from benchmarks.detection.thresholds import print_thresholds
from benchmarks.detection.trained import default_folder, print_outcomes
from tbtools.analysis.detect import detect_series
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection.curves import Curve, Family

KINDS = (
    "divergence",
    "nonfinite",
    "collapse",
    "explosion",
    "plateau",
    "overfitting",
    "spike",
    "gradient",
    "learning_rate",
    "throughput",
)

CHOICES = ("development", "validation", "trained", "grammar", "thresholds")


def main() -> None:
    parser = argparse.ArgumentParser(description="How well runs that went wrong are found.")
    parser.add_argument("families", choices=CHOICES)
    parser.add_argument("--count", type=int, default=100, help="curves of each family")
    parser.add_argument("--cache", type=Path, default=default_folder(), help="of trained curves")
    parser.add_argument("--peers", type=Path, help="bin folder of an environment with the peers")
    parser.add_argument("--kind", action="append", choices=MAKERS, help="of the grammar")
    parser.add_argument("--worst", type=int, default=0, help="so many values that go with misses")
    arguments = parser.parse_args()
    if arguments.families == "thresholds":
        print_thresholds()
        return
    if arguments.families == "trained":
        print_outcomes(arguments.cache, arguments.count)
        return
    if arguments.families == "grammar":
        print_grammar(arguments.kind or MAKERS, arguments.count, arguments.worst)
        return
    families = import_module(f"benchmarks.detection.{arguments.families}").FAMILIES
    scores = [score(family, arguments.count) for family in families]
    print_families(scores)
    print_errors_on_the_way(families, min(arguments.count, 30))
    print_delays(families, min(arguments.count, 30))
    if arguments.peers:
        print_peers(families, scores, arguments.peers)


def print_families(scores: Sequence[Score]) -> None:
    """One row a family, then one a kind."""
    print("| family | kind | curves | found | onset right | median error | other alarms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in scores:
        healthy = one.kind == "healthy"
        error = f"{np.median(one.errors):.3g}" if one.errors else ""
        cells = [one.family, one.kind, one.curves]
        cells += ["", "", ""] if healthy else [one.found, one.placed, error]
        print("|", " | ".join(map(str, [*cells, one.alarmed])), "|")
    print("\n| kind | curves | recall | onsets right | other alarms |")
    print("| --- | --- | --- | --- | --- |")
    for kind in ("healthy", *KINDS):
        of_kind = [one for one in scores if one.kind == kind]
        if not of_kind:
            continue
        curves, found, placed, alarmed = (
            sum(getattr(one, name) for one in of_kind)
            for name in ("curves", "found", "placed", "alarmed")
        )
        rates = [f"{found / curves:.1%}", f"{placed / max(1, found):.1%}"]
        cells = [
            kind,
            curves,
            *(["", ""] if kind == "healthy" else rates),
            f"{alarmed / curves:.2%}",
        ]
        print("|", " | ".join(map(str, cells)), "|")


def print_errors_on_the_way(families: Sequence[Family], count: int, parts: int = 12) -> None:
    """The healthy families of which a curve shows an error at some time while it is written."""
    print(f"\n| healthy family | with an error at any of {parts} times | of |\n| --- | --- | --- |")
    seeds = {f.name: with_errors(f, count, parts) for f in families if f.kind == "healthy"}
    for name, found in seeds.items():
        if found:
            print(f"| {name} | {len(found)} | {count} |")
    print(f"| all | {sum(map(len, seeds.values()))} | {count * len(seeds)} |")


def print_delays(families: Sequence[Family], count: int) -> None:
    """After how many points a sudden fault is found, when a growing series is judged at each."""
    print("\n| family | found after, median | in 95 % | of |\n| --- | --- | --- | --- |")
    for family in families:
        delays = [
            delay(curve)
            for curve in family.curves(count)
            if curve.sudden and curve.kind in ("divergence", "nonfinite")
        ]
        if delays:
            middle, most = np.quantile(delays, [0.5, 0.95])
            print(f"| {family.name} | {middle:.0f} | {most:.0f} | {len(delays)} curves |")


def delay(curve: Curve, most: int = 60) -> int:
    """How many points after its onset a fault is first found; `most` where it is not by then."""
    step, value = curve.series[curve.tag]
    for after in range(1, min(most, len(step) - curve.onset)):
        end = curve.onset + after
        part = ScalarSeries.from_arrays("run", curve.tag, step[:end], value[:end])
        if any(each.kind in ("divergence", "nonfinite") for each in detect_series([part])):
            return after
    return most


@dataclass
class Tally:
    """What a tool did, by kind: (curves, found, onsets right, alarms on healthy curves)."""

    curves: int = 0
    found: int = 0
    placed: int = 0
    alarmed: int = 0


def print_peers(families: Sequence[Family], scores: Sequence[Score], binaries: Path) -> None:
    """One row a tool: recall by kind, onsets right, alarms on healthy curves."""
    count = scores[0].curves
    curves = [peers.turned(curve) for family in families for curve in family.curves(count)]
    with tempfile.TemporaryDirectory() as name:
        peers.write(curves, Path(name))
        alarms = {
            "losslint": peers.losslint(Path(name), binaries),
            "runmedic": peers.runmedic(Path(name), binaries),
            "trainspotter": peers.trainspotter(Path(name), binaries),
            "trainproof": peers.trainproof(Path(name), binaries),
        }
    rows = {"tbtools": ours(scores)}
    rows |= {tool: theirs(curves, found) for tool, found in alarms.items()}
    for patience in (3, 10) if peers.has_lightning(binaries / "python") else ():
        stops = peers.early_stopping(curves, binaries / "python", patience)
        rows[f"EarlyStopping(patience={patience})"] = stopped(curves, stops)
    print("\n| tool |", " | ".join([*KINDS, "onsets right", "alarms on healthy curves"]), "|")
    print("| --- " * (len(KINDS) + 3) + "|")
    for tool, tallies in rows.items():
        cells = [f"{tallies[kind].found / max(1, tallies[kind].curves):.0%}" for kind in KINDS]
        found = sum(tallies[kind].found for kind in KINDS)
        placed = sum(tallies[kind].placed for kind in KINDS)
        cells.append(f"{placed / found:.0%}" if placed else "names none")
        cells.append(f"{tallies['healthy'].alarmed / tallies['healthy'].curves:.1%}")
        print("|", " | ".join([tool, *cells]), "|")


def _tallies() -> dict[str, Tally]:
    return {kind: Tally() for kind in ("healthy", *KINDS)}


def ours(scores: Sequence[Score]) -> dict[str, Tally]:
    tallies = _tallies()
    for one in scores:
        tally = tallies[one.kind]
        tally.curves += one.curves
        tally.found += one.found
        tally.placed += one.placed
        tally.alarmed += one.alarmed
    return tallies


def theirs(curves: Sequence[Curve], alarms: peers.Alarms) -> dict[str, Tally]:
    tallies = _tallies()
    for number, curve in enumerate(curves):
        _add(tallies[curve.kind], curve, alarms.get(number, []))
    return tallies


def stopped(curves: Sequence[Curve], stops: Sequence[int]) -> dict[str, Tally]:
    """Early stopping has no kinds: to have stopped at or after the onset is to have found it."""
    tallies = _tallies()
    for curve, stop in zip(curves, stops, strict=True):
        tally = tallies[curve.kind]
        tally.curves += 1
        tally.alarmed += stop >= 0
        tally.found += curve.kind != "healthy" and stop >= curve.onset >= 0
    return tallies


def _add(tally: Tally, curve: Curve, found: Sequence[tuple[str, str, int | None]]) -> None:
    alarms, alarmed = peers.alarms(curve, found)
    tally.curves += 1
    tally.alarmed += alarmed
    hits = [step for kind, _, step in alarms if kind == curve.kind]
    if hits:
        tally.found += 1
        tally.placed += onset_error(curve, hits[0]) <= tolerance(curve)


if __name__ == "__main__":
    main()
