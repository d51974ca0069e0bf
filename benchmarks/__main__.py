"""`python -m benchmarks`: measures tbtools beside its peers and writes docs/performance.md."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reading import document, machine
from benchmarks.reading.instructions import a_record
from benchmarks.reading.measure import measure_all
from benchmarks.reading.targets import judge
from benchmarks.reading.workloads import CORPUS, Log, generate, workloads

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
# Generator, and the instructions a record that commit 7ca4bf1 took, which parsed each record.
_COUNTED = {"one series": ("one_series", 728), "twenty tags": ("training_series", 707)}
_PROFILES = {
    "`read_scalars`, one file of twenty tags": ("read_scalars", "training"),
    "`summarize`, a quarter of the runs": ("summarize", "runs_{quarter}"),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="F",
        help="a part of the full amounts, to try things out; the page then goes to stdout",
    )
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _generate(log: Log, folder: Path) -> None:
    if not (folder / log.name).exists():
        generate(log.generator, folder / log.name, log.amount)


def _megabytes(logdir: Path) -> float:
    files = [path for path in logdir.rglob("*tfevents*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def _profile(job: str, logdir: Path) -> list[tuple[str, float]]:
    command = [sys.executable, "-m", "benchmarks.reading.profiling", job, str(logdir)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [(name, part) for name, part in json.loads(output)]


def _instructions(folder: Path) -> dict[str, tuple[float | None, int]]:
    """Instructions a record of the scan, now and before it compared records with earlier ones."""
    counts = {}
    for title, (generator, before) in _COUNTED.items():
        files = []
        for amount in (200_000, 1_000_000):  # fewer, and how Python starts would tell
            log = Log(f"{generator}_{amount}", generator, amount)
            _generate(log, folder)
            files.append((next((folder / log.name).rglob("*tfevents*")), amount))
        counts[title] = a_record(files), before
    return counts


def _measure(folder: Path, scale: float) -> str:
    load_before = machine.load()
    chosen = workloads(folder, scale)
    sections = []
    for workload in chosen:
        _say(workload.title)
        for log in workload.logs:
            _generate(log, folder)
        megabytes = _megabytes(workload.logdir) if workload.logdir else 0.0
        sections.append((workload, measure_all(workload.readers, _say), megabytes))
    quarter = round(250 * scale)
    profiles = {
        name: _profile(job, folder / log.format(quarter=quarter))
        for name, (job, log) in _PROFILES.items()
    }
    busy = machine.is_busy(load_before)
    warnings = [machine.warning(load_before)] if busy else []
    if scale != 1:
        warnings.append(f"This is a trial with {scale:g} of the full amounts.")
    if all(workload.name != CORPUS for workload in chosen):
        warnings.append("The real event files were not there: set TBTOOLS_CORPUS to their folder.")
    return document.performance_page(
        machine.describe(),
        dt.datetime.now(dt.UTC).date().isoformat(),
        " ".join(warnings),
        sections,
        judge({workload.name: results for workload, results, _ in sections}, busy=busy),
        profiles,
        _instructions(folder),
    )


def main() -> None:
    """Measures, and writes the page."""
    options = _options()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tbtools-bench-") as folder:
        page = _measure(Path(folder), options.scale)
    if options.scale == 1:
        _PAGE.write_text(page)
        _say(f"wrote {_PAGE} after {time.monotonic() - started:.0f} s")
    else:
        print(page)


if __name__ == "__main__":
    main()
