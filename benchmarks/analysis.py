"""`python -m benchmarks.analysis`: analyses beside their peers, into docs/performance_analysis.md.

Each is a process of its own, started by its command line or as a script; the whole process counts,
imports and writing included.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.reading import machine
from benchmarks.reading.document import markdown_table, seconds, targets_section
from benchmarks.reading.measure import Reader, Result, measure_all
from benchmarks.reading.targets import Target, at_least, at_most
from benchmarks.reading.workloads import generate, limit

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAGE = Path(__file__).parents[1] / "docs" / "performance_analysis.md"
_BIN = Path(sys.executable).parent
_ROUNDS = 3

_INTRODUCTION = (
    "`python -m benchmarks.analysis` writes this page: whole processes, in each round every row in "
    "turn; medians, and ratios to the first row. *limit* is the loop in C of performance.md, which "
    "reads and checks the same files, makes nothing of them, and leaves out the start."
)
_REDUCER = "import sys; from tensorboard_reducer import main; sys.exit(main())"
_TBPARSE_DIFFERENCE = """
import sys
from tbparse import SummaryReader
a, b = (SummaryReader(path).scalars for path in sys.argv[1:3])
both = a.merge(b, on=["tag", "step"])
gap = (both["value_x"] - both["value_y"]).abs()
print(both.loc[gap > 0, "step"].min(), gap.max())
"""
_TBPARSE_CSV = """
import sys
from tbparse import SummaryReader
SummaryReader(sys.argv[1], extra_columns={"wall_time", "dir_name"}).scalars.to_csv(sys.argv[2])
"""
_COPY = "import shutil, sys; shutil.copytree(*sys.argv[1:], dirs_exist_ok=True)"
_MERGE = """
import json, sys, time
import numpy, pandas, tbtools
tbtools.merge, tbtools.write, tbtools.load  # imported when they are named
seconds, cpu = time.perf_counter(), time.process_time()
merged = tbtools.merge(sys.argv[1])
tbtools.write(merged, sys.argv[2], force=True)
seconds, cpu = time.perf_counter() - seconds, time.process_time() - cpu
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "points": merged.points}))
"""
_TABLE = """
import json, sys, time
import pandas, pyarrow.parquet, tbtools
tbtools.export  # imported when it is named
frame = tbtools.read_scalars(sys.argv[1])
seconds, cpu = time.perf_counter(), time.process_time()
{work}
seconds, cpu = time.perf_counter() - seconds, time.process_time() - cpu
print(json.dumps({{"seconds": seconds, "cpu_seconds": cpu, "points": len(frame)}}))
"""
_EXPORT = "tbtools.export(*sys.argv[1:], force=True)"
_PANDAS_CSV = "frame.to_csv(sys.argv[2], index=False)"
_PYARROW = "pyarrow.parquet.write_table(pyarrow.Table.from_pandas(frame), sys.argv[2])"
_SMOOTH = """
import numpy as np, pandas as pd, tbtools
values = pd.Series(np.random.default_rng(0).normal(size={count}))
{work}
"""
_OURS = "tbtools.smooth(values, 0.9)"
_PANDAS = "values.ewm(alpha=0.1, adjust=True, ignore_na=True).mean()"
_LOOP = """
last, result = 0.0, []
for n, value in enumerate(values.tolist(), 1):
    last = last * 0.9 + 0.1 * value
    result.append(last / (1 - 0.9**n))
"""


# Rows of which something is promised.
_MERGED = "tbtools.merge and tbtools.write"
_CSV, _PANDAS_ALONE = "tbtools.export, to CSV", "pandas alone, to CSV"
_PARQUET, _PYARROW_ALONE = "tbtools.export, to Parquet", "pyarrow alone, to Parquet"
_EVENTS = "tbtools inspect --events"


@dataclass(frozen=True, slots=True)
class _Case:
    title: str
    about: str
    readers: tuple[Reader, ...]
    megabytes: float = 0.0


def _script(name: str, code: str, *arguments: str, rounds: int = _ROUNDS) -> Reader:
    return Reader(name, (sys.executable, "-c", code, *arguments), rounds=rounds)


def _command(name: str, *arguments: str, rounds: int = _ROUNDS) -> Reader:
    return Reader(name, arguments, rounds=rounds)


def _aggregate(folder: Path, scale: float) -> _Case:
    points = int(10_000 * scale)
    logs = folder / "seeds"
    generate("random_runs", logs, 20, 20, points)
    runs = sorted(str(path) for path in logs.iterdir())
    out = str(folder / "aggregated")
    tbtools = str(_BIN / "tbtools")
    ours = ("aggregate", str(logs), "--statistics", "mean,std,min,max", "--force")
    theirs = ("-r", "mean,std,min,max", "-f")
    return _Case(
        title="Aggregate 20 seeds",
        about=f"20 runs of 20 tags of {points:,} points: mean, standard deviation, minimum and "
        "maximum across runs. tensorboard-reducer reads at most 10,000 points a tag.",
        readers=(
            _command("tbtools, to CSV", tbtools, *ours, "-o", f"{out}.csv"),
            _script("tensorboard-reducer, to CSV", _REDUCER, *runs, *theirs, "-o", f"{out}_.csv",
                     rounds=1),
            _command("tbtools, to event files", tbtools, *ours, "-o", out),
            _script("tensorboard-reducer, to event files", _REDUCER, *runs, *theirs, "-o",
                     f"{out}_", rounds=1),
            limit(logs),
        ),
    )  # fmt: skip


def _diff(folder: Path, scale: float) -> _Case:
    points = int(1_000_000 * scale)
    (folder / "diff").mkdir()
    for name in ("a", "b"):
        generate("random_runs", folder / "diff" / name, 1, 1, points)
    paths = [str(folder / "diff" / name / "seed0") for name in ("a", "b")]
    return _Case(
        title="Diff of two long runs",
        about=f"Two runs of one tag of {points:,} points. No peer compares runs; the script reads "
        "both by tbparse and joins them by step in pandas, for two of the numbers.",
        readers=(
            _command("tbtools diff", str(_BIN / "tbtools"), "diff", *paths, "--rtol", "1e9"),
            _script("tbparse and pandas", _TBPARSE_DIFFERENCE, *paths, rounds=1),
            limit(folder / "diff"),
        ),
    )


def _merge(folder: Path, scale: float) -> _Case:
    """A training of two pieces, of which the second goes back a fifth of the first."""
    end = int(1_000_000 * scale)
    logs = folder / "pieces"
    logs.mkdir()
    for number, (first, last) in enumerate([(0, end // 2), (4 * end // 10, end)]):
        piece = folder / f"piece{number}"
        generate("random_runs", piece, 1, 4, last - first, first, number)
        for file in (piece / "seed0").iterdir():
            file.rename(logs / file.name)
    size = sum(path.stat().st_size for path in logs.iterdir()) / 1e6
    return _Case(
        title="Merge",
        about="A training of two event files of four tags of scalars, the smallest records that "
        "there are, resumed a fifth of the first file before its end; beside it, a copy of the "
        "files by Python. Merging reads and checks every record before it copies. The second row "
        "leaves out the start of Python and the imports.",
        readers=(
            _command("tbtools merge", str(_BIN / "tbtools"), "merge", str(logs), "-o",
                     str(folder / "merged"), "--force"),
            Reader(_MERGED,
                   (sys.executable, "-c", _MERGE, str(logs), str(folder / "merged_")),
                   rounds=_ROUNDS, own_time=True),
            _script("copy", _COPY, str(logs), str(folder / "copy")),
            limit(logs),
        ),
        megabytes=size,
    )  # fmt: skip


def _export(folder: Path, scale: float) -> _Case:
    points = int(100_000 * scale)
    path = folder / "export"
    generate("random_runs", path, 5, 4, points)
    logs = str(path)
    tbtools = (str(_BIN / "tbtools"), "export", logs, "--force", "-o")
    return _Case(
        title="Export every point",
        about=f"Five runs of four tags of {points:,} points each. The four rows before the last "
        "leave out the start of Python and the imports, and those of pandas and pyarrow the "
        "reading, too.",
        readers=(
            _command("tbtools, to CSV", *tbtools, str(folder / "out.csv")),
            _script("tbparse, to CSV", _TBPARSE_CSV, logs, str(folder / "out_.csv"), rounds=1),
            _command("tbtools, to Parquet", *tbtools, str(folder / "out.parquet")),
            *(
                replace(
                    _script(name, _TABLE.format(work=work), logs, str(folder / f"alone.{ending}")),
                    own_time=True,
                )
                for name, work, ending in (
                    (_CSV, _EXPORT, "csv"),
                    (_PANDAS_ALONE, _PANDAS_CSV, "csv"),
                    (_PARQUET, _EXPORT, "parquet"),
                    (_PYARROW_ALONE, _PYARROW, "parquet"),
                )
            ),
            limit(path),
        ),
    )


def _inspect(folder: Path, scale: float) -> _Case:
    records = int(1_000_000 * scale)
    logs = folder / "inspect"
    generate("random_runs", logs, 1, 4, records // 4)
    [file] = (logs / "seed0").iterdir()
    return _Case(
        title="Every event decoded",
        about=f"`tbtools inspect FILE --events` of {records:,} events, to a file.",
        readers=(
            _command(_EVENTS, str(_BIN / "tbtools"), "inspect", str(file),
                     "--events", "--force", "-o", str(folder / "events.csv")),
            limit(logs),
        ),
    )  # fmt: skip


def _smooth(_: Path, scale: float) -> _Case:
    count = int(10_000_000 * scale)
    return _Case(
        title="TensorBoard's smoothing",
        about=f"A series of {count:,} points, which are made in each process. pandas gives other "
        "bits.",
        readers=tuple(
            _script(name, _SMOOTH.format(count=count, work=work))
            for name, work in (
                ("tbtools", _OURS),
                ("pandas", _PANDAS),
                ("a Python loop", _LOOP),
                ("making the points alone", ""),
            )
        ),
    )


def _reducer() -> str:
    try:
        return f"tensorboard-reducer {version('tensorboard-reducer')}"
    except PackageNotFoundError:
        return "tensorboard-reducer is not installed"


def _section(case: _Case, results: dict[str, Result]) -> str:
    first = next(iter(results.values())).median("seconds")
    header = ["", "time", "ratio", "CPU time", "peak memory", "rounds"]
    rows = []
    for name, result in results.items():
        if not result.rounds:
            rows.append([name, f"fails: {result.failure}", "", "", "", ""])
            continue
        time = result.median("seconds")
        memory = f"{result.median('peak_bytes') / 2**20:,.0f} MiB"
        cpu = seconds(result.median("cpu_seconds"))
        row = [name, seconds(time), f"{time / first:.3g} x", cpu, memory, str(len(result.rounds))]
        if case.megabytes:
            row[1] += f" ({case.megabytes / time:.0f} MB/s)"
        rows.append(row)
    return f"## {case.title}\n\n{case.about}\n\n{markdown_table(header, rows)}\n"


def _targets(measured: Sequence[tuple[_Case, dict[str, Result]]], *, busy: bool) -> list[Target]:
    """What is promised of the full amounts, by CPU time where others used the machine."""
    time = "cpu_seconds" if busy else "seconds"
    took = {name: each.median(time) for _, results in measured for name, each in results.items()}
    [megabytes] = [case.megabytes for case, results in measured if _MERGED in results]
    return [
        at_least("merging tiny records", "500 MB/s", megabytes / took[_MERGED], 500, " MB/s"),
        at_least("two million points to CSV, read and written", "5 x as fast as pandas writes them",
                 took[_PANDAS_ALONE] / took[_CSV], 5),
        at_most("two million points to Parquet, read and written", "1.3 x pyarrow to write them",
                took[_PARQUET] / took[_PYARROW_ALONE], 1.3),
        at_most("`tbtools inspect --events` of a million events", "5 s", took[_EVENTS], 5, " s"),
    ]  # fmt: skip


def main() -> None:
    """Measures, and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis", description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="a part of the full amounts; the page to stdout"
    )
    scale = parser.parse_args().scale
    load = machine.load()
    parts = [
        "# Performance of the analyses\n",
        f"{_INTRODUCTION}\n",
        f"{dt.datetime.now(dt.UTC).date().isoformat()}; {machine.describe()}, {_reducer()}\n",
    ]
    busy = machine.is_busy(load)
    if busy:
        parts.append(f"{machine.warning(load)}\n")
    measured = []
    with tempfile.TemporaryDirectory(prefix="tbtools-bench-") as name:
        for make in (_aggregate, _diff, _merge, _export, _inspect, _smooth):
            case = make(Path(name), scale)
            print(case.title, file=sys.stderr)
            results = measure_all(case.readers, lambda text: print(text, file=sys.stderr))
            measured.append((case, results))
    parts.append(targets_section(_targets(measured, busy=busy)))
    page = "\n".join([*parts, *(_section(*each) for each in measured)])
    if scale == 1:
        _PAGE.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
