"""What other tools say of the same curves: losslint, runmedic, trainspotter, trainproof, Lightning.

They live in an environment of their own (``python -m venv peers; peers/bin/pip install losslint
runmedic trainspotter trainproof numpy``, and pytorch-lightning where there is room), whose ``bin``
folder is given. Each curve is put before them as they
like it best: as a CSV with the columns train_loss and val_loss, a constant learning rate (without
one runmedic looks for no plateau), and rewards and accuracies turned round, for they go by losses.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.detection.curves import Curve
from tbtools.analysis.objective import objectives_of, role_of
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection.score import Alarm

KINDS = {
    "nan_inf": "nonfinite",
    "non_finite": "nonfinite",
    "divergence": "divergence",
    "stagnation": "plateau",
    "no_learning": "plateau",
    "constant_lr_plateau": "plateau",
    "overfit_onset": "overfitting",
    "overfitting": "overfitting",
    "plateau": "plateau",
    "TP-NAN": "nonfinite",
    "TP-DIVERGE": "divergence",
    "TP-FLAT": "plateau",
    "TP-DEAD-RUN": "plateau",
    "TP-OVERFIT": "overfitting",
}

Alarms = dict[int, list[tuple[str, str, int | None]]]


def write(curves: Sequence[Curve], folder: Path) -> None:
    """Writes a CSV a curve, named by its place in the sequence."""
    for number, curve in enumerate(curves):
        columns = {_role(curve, tag): series for tag, series in curve.series.items()}
        rows: dict[int, dict[str, float]] = {}
        for name, (step, value) in columns.items():
            for s, v in zip(step.tolist(), value.tolist(), strict=True):
                rows.setdefault(s, {})[name] = v
        with (folder / f"{number:05}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["step", *columns, "learning_rate"], restval="")
            writer.writeheader()
            for step_number in sorted(rows):
                writer.writerow({"step": step_number, **rows[step_number], "learning_rate": 0.001})


def _role(curve: Curve, tag: str) -> str:
    paired = len(curve.series) > 1 and role_of(tag) in EVALUATIONS
    return "val_loss" if paired else "train_loss"


def turned(curve: Curve) -> Curve:
    """The same curve with every series as a loss."""
    better = objectives_of(curve.series)
    series = {
        tag: (step, -value if better[tag] == "max" else value)
        for tag, (step, value) in curve.series.items()
    }
    return Curve(curve.family, curve.seed, curve.kind, curve.tag, series, curve.onset, curve.sudden)


def losslint(folder: Path, binaries: Path) -> Alarms:
    """Alarms by curve, as (kind, severity, step)."""
    found: Alarms = {}
    command = [str(binaries / "losslint"), "check", str(folder), "--format", "json"]
    for finding in _json(command)["findings"]:
        if finding["check"] in KINDS:
            step = finding["details"].get("step", finding["details"].get("first_step"))
            item = (KINDS[finding["check"]], finding["severity"], step)
            found.setdefault(int(Path(finding["source"]).stem), []).append(item)
    return found


def runmedic(folder: Path, binaries: Path) -> Alarms:
    """Alarms by curve, as (kind, severity, step)."""
    found: Alarms = {}
    for path in sorted(folder.glob("*.csv")):
        for run in _json([str(binaries / "runmedic"), "diagnose", str(path), "--json"]):
            for finding in run["findings"]:
                if finding["check"] in KINDS:
                    step = finding.get("step")
                    item = (KINDS[finding["check"]], finding["severity"], step and int(step))
                    found.setdefault(int(path.stem), []).append(item)
    return found


def trainspotter(folder: Path, binaries: Path) -> Alarms:
    """Alarms by curve; what is no number is told by its detector of divergence, in its title."""
    found: Alarms = {}
    for path in sorted(folder.glob("*.csv")):
        command = [str(binaries / "trainspotter"), "analyze", str(path), "--output", "json"]
        for finding in _json(command)["findings"]:
            if finding["detector"] in KINDS:
                is_number = "non-finite" not in finding["title"]
                kind = KINDS[finding["detector"]] if is_number else "nonfinite"
                item = (kind, finding["severity"], finding["step_start"])
                found.setdefault(int(path.stem), []).append(item)
    return found


def trainproof(folder: Path, binaries: Path) -> Alarms:
    """Alarms by curve; it names no step where something began."""
    found: Alarms = {}
    for path in sorted(folder.glob("*.csv")):
        for report in _json([str(binaries / "trainproof"), "doctor", str(path), "--json"])[
            "reports"
        ]:
            for finding in report["findings"]:
                if finding["id"] in KINDS:
                    item = (KINDS[finding["id"]], finding["level"].lower(), None)
                    found.setdefault(int(path.stem), []).append(item)
    return found


def has_lightning(python: Path) -> bool:
    """Whether there is an EarlyStopping to ask."""
    command = [str(python), "-c", "import pytorch_lightning"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _json(command: Sequence[str]) -> Any:
    # They exit with 1 or 2 where they find something.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2) or not done.stdout:
        sys.exit(f"{command[0]} failed: {done.stderr}")
    return json.loads(done.stdout)


STOPPING = """
import json, sys, torch
from pytorch_lightning.callbacks import EarlyStopping
out = []
for line in sys.stdin:
    stopper = EarlyStopping("x", patience=int(sys.argv[1]), min_delta=0.0, mode="min")
    stopped = -1
    for i, value in enumerate(json.loads(line)):
        if stopper._evaluate_stopping_criteria(torch.tensor(value))[0]:
            stopped = i
            break
    out.append(stopped)
print(json.dumps(out))
"""


def early_stopping(curves: Sequence[Curve], python: Path, patience: int) -> list[int]:
    """Where Lightning's EarlyStopping would have stopped each curve; -1 where it would not."""
    lines = "".join(
        json.dumps(np.asarray(curve.series[curve.tag][1]).tolist()) + "\n" for curve in curves
    )
    command = [str(python), "-W", "ignore", "-c", STOPPING, str(patience)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    stopped: list[int] = json.loads(done.stdout.splitlines()[-1])
    return stopped


def alarms(
    curve: Curve, found: Sequence[tuple[str, str, int | None]], *, quiet: str = "info"
) -> tuple[list[Alarm], bool]:
    """What counts for the curve's kind, whatever its severity, and whether there was an alarm."""
    of_the_curve = [(kind, curve.tag, step) for kind, _, step in found]
    return of_the_curve, any(severity != quiet for _, severity, _ in found)
