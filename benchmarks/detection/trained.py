"""Real curves: trainings of reference_training with faults that were injected into them.

They are made on demand, a few seconds each, into a cache folder; ``truth.json`` beside each run
says when its fault struck.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tbtools
from benchmarks.detection.score import GRADUAL, SUDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools import Finding

# Small, but long enough to have learnt something when the fault strikes.
RECIPES = {
    "regression": ("--epochs", "300"),
    "digits": ("--epochs", "2"),
    "pretrain": ("--size", "tiny", "--steps", "300", "--warmup-steps", "20", "--eval-every", "50"),
}
STEPS = {"regression": 300, "digits": 624, "pretrain": 300}
SECONDS = 65
# What a fault is to be found as. An optimizer that is blown up may meet NaN at once, and weights
# that are all zero answer as if nothing had been learnt.
FOUND_AS = {
    "nan": ("nonfinite",),
    "divergence": ("divergence", "nonfinite"),
    "spike": ("spike",),
    "plateau": ("plateau",),
    "collapse": ("divergence",),
    "stall": ("stall",),
}


@dataclass
class Outcome:
    """The findings about the trainings with one fault.

    Attributes:
        runs: How many there were.
        found: In how many the fault was found.
        placed: In how many of these the onset was right.
        errors: Onset errors: points, or the part of the run for a plateau.
        alarmed: In how many a warning or an error came that is no consequence of the fault.
    """

    runs: int = 0
    found: int = 0
    placed: int = 0
    errors: list[float] = field(default_factory=list)
    alarmed: int = 0


def default_folder() -> Path:
    """Where the trainings are kept: in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "tbtools" / "trained"


def outcomes(folder: Path, seeds: int) -> dict[tuple[str, str], Outcome]:
    """Judges the trainings, and makes those that are not there yet.

    Args:
        folder: Where they are.
        seeds: How many of each recipe and fault.

    Returns:
        Outcomes by recipe and fault; the fault of a sound training is ``none``.
    """
    found: dict[tuple[str, str], Outcome] = {}
    for recipe in RECIPES:
        for fault in (*FOUND_AS, "none"):
            outcome = found.setdefault((recipe, fault), Outcome())
            for seed in range(seeds):
                path = folder / f"{recipe}-{fault}-{seed}"
                if not (path / "done").exists():
                    _train(recipe, fault, seed, path)
                _add(outcome, fault, path, STEPS[recipe])
    return found


def _train(recipe: str, fault: str, seed: int, path: Path) -> None:
    """Trains; the fault strikes between two and four fifths of the way."""
    rng = np.random.default_rng([len(recipe), len(fault), seed])
    step = int(STEPS[recipe] * rng.uniform(0.4, 0.8))
    inject = f"{fault}@{step}" + (f":{SECONDS}" if fault == "stall" else "")
    command = [sys.executable, "-m", "reference_training", recipe, "--resume", "never"]
    command += ["--logdir", str(path.parent), "--run-name", path.name, "--seed", str(seed)]
    command += ["--threads", "1", "--device", "cpu", "--log-every", "1", "--flush-seconds", "1"]
    command += [*RECIPES[recipe], *(() if fault == "none" else ("--inject", inject))]
    done = subprocess.run(command, capture_output=True, check=False)
    # A training that the fault ended has a status of its own; its logs are as they should be.
    (path / "done").write_text(f"{done.returncode}\n")


def _add(outcome: Outcome, fault: str, path: Path, steps: int) -> None:
    findings = list(tbtools.detect(tbtools.load(path)))
    outcome.runs += 1
    if fault == "none":
        outcome.alarmed += any(each.severity != "info" for each in findings)
        return
    struck = json.loads((path / "truth.json").read_text())["faults"][0]["first_affected_step"]
    hits = [each for each in _of_training_loss(findings, fault) if each.kind in FOUND_AS[fault]]
    if hits:
        outcome.found += 1
        error = min(abs(each.onset_step - struck) for each in hits)
        slow = fault == "plateau"
        outcome.errors.append(error / steps if slow else float(error))
        outcome.placed += error <= (GRADUAL * steps if slow else SUDDEN)
    outcome.alarmed += any(
        each.severity != "info" and each.onset_step < struck - GRADUAL * steps for each in findings
    )


def _of_training_loss(findings: list[Finding], fault: str) -> Iterator[Finding]:
    """Findings about the training loss; a stall is one of the whole run."""
    for each in findings:
        if fault == "stall" or each.tag.lower() in ("loss/train", "train/loss"):
            yield each


def print_outcomes(folder: Path, seeds: int) -> None:
    """One row a recipe and fault."""
    print("| recipe | fault | runs | found | onset right | median error | other alarms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (recipe, fault), one in outcomes(folder, seeds).items():
        sound = fault == "none"
        middle = f"{np.median(one.errors):.3g}" if one.errors else ""
        cells = [recipe, fault, one.runs, *(("", "") if sound else (one.found, one.placed))]
        print("|", " | ".join(map(str, [*cells, middle, one.alarmed])), "|", flush=True)
