"""The logs that are read, and who reads them in how many rounds."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.reading.measure import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_REPOSITORY = Path(__file__).parents[2]
_EXAMPLES = _REPOSITORY / "examples" / "logs"
_TBTOOLS = str(Path(sys.executable).with_name("tbtools"))

(
    ONE_SERIES,
    TRAINING,
    RUNS,
    LINEARITY,
    DISCOVERY,
    CORPUS,
    PICTURES,
    SECOND_LOOK,
    REPORTS,
    START_UP,
) = (
    "one_series",
    "training",
    "runs",
    "linearity",
    "discovery",
    "corpus",
    "pictures",
    "second_look",
    "reports",
    "start_up",
)


@dataclass(frozen=True, slots=True)
class Log:
    """A log directory to be generated.

    Attributes:
        name: Its directory.
        generator: A function of `benchmarks.reading.logs`.
        amount: Its argument.
    """

    name: str
    generator: str
    amount: int


@dataclass(frozen=True, slots=True)
class Workload:
    """Work that several readers do.

    Attributes:
        name: One of the names above.
        title: Its heading.
        about: What is read, and what is measured.
        logs: What has to be generated.
        readers: Who reads it, tbtools first.
        logdir: What most of them read, whose size is told; None where that says nothing.
    """

    name: str
    title: str
    about: str
    logs: tuple[Log, ...]
    readers: tuple[Reader, ...]
    logdir: Path | None = None


def generate(generator: str, logdir: Path, *arguments: int) -> None:
    """Makes a log directory in a process of its own, for this one has to stay small.

    Args:
        generator: A function of `benchmarks.reading.logs`.
        logdir: Where to.
        arguments: Its other arguments.
    """
    call = f"logs.{generator}({', '.join([f'Path({str(logdir)!r})', *map(str, arguments)])})"
    code = f"from pathlib import Path\nfrom benchmarks.reading import logs\n{call}"
    subprocess.run([sys.executable, "-c", code], check=True)


def _process(name: str, logdir: Path, rounds: int = 5, label: str = "") -> Reader:
    """A reader of `benchmarks.reading.readers`; the whole process counts."""
    command = (sys.executable, "-m", "benchmarks.reading.readers", name, str(logdir))
    return Reader(label or name, command, rounds=rounds)


def _work(
    name: str,
    logdir: Path,
    rounds: int = 5,
    label: str = "",
    warm_up: Path = _EXAMPLES / "baseline",
) -> Reader:
    """The same; only the work counts, and not what is read before it."""
    reader = _process(name, logdir, rounds, label)
    return replace(reader, command=(*(reader.command or ()), str(warm_up)), own_time=True)


def limit(logdir: Path, label: str = "limit") -> Reader:
    """What reading a log directory cannot take less than, whatever is made of it."""
    return _work("limit", logdir, label=label)


def _limits(folder: Path, logs: Iterable[Log]) -> Iterator[Reader]:
    return (limit(folder / log.name, f"limit, {log.name}") for log in logs)


def _rust(logdir: Path, rounds: int = 3) -> Reader:
    return Reader("TensorBoard's Rust server", None, str(logdir), rounds)


def _shell(name: str, *arguments: str, rounds: int = 5) -> Reader:
    return Reader(name, (_TBTOOLS, *arguments), rounds=rounds)


def _fallback(reader: Reader) -> Reader:
    """The same tbtools as it is where the package was built without a compiler."""
    name = "tbtools, protobuf fallback"
    return replace(reader, name=name, rounds=1, environment={"TBTOOLS_PURE_PYTHON": "1"})


def _frame_readers(logdir: Path) -> tuple[Reader, ...]:
    ours = _work("tbtools", logdir)
    # The last three take up to a minute for what takes tbtools a moment: one round.
    return (
        ours,
        _work("scan", logdir),
        _work("checksum", logdir),
        limit(logdir),
        _rust(logdir),
        _fallback(ours),
        _work("tbparse", logdir, rounds=1),
        _work("EventAccumulator", logdir, rounds=1),
    )


def _one_series(folder: Path, scale: float) -> Workload:
    log = Log("one_series", "one_series", round(2_000_000 * scale))
    return Workload(
        ONE_SERIES,
        f"{log.amount:,} scalars of one series in one file, to a DataFrame",
        "What tbparse's own profiling script writes through torch's SummaryWriter, byte for byte "
        "but for the wall times. Imports are not counted.",
        (log,),
        _frame_readers(folder / log.name),
        folder / log.name,
    )


def _training_log(scale: float) -> Log:
    return Log("training", "training_series", round(2_000_000 * scale))


def _training(folder: Path, scale: float) -> Workload:
    log = _training_log(scale)
    return Workload(
        TRAINING,
        f"{log.amount:,} scalars of twenty tags in turn in one file, to a DataFrame",
        "What a training script writes that logs twenty scalars a step.",
        (log,),
        _frame_readers(folder / log.name),
        folder / log.name,
    )


def _runs_log(scale: float) -> Log:
    runs = round(1000 * scale)
    return Log(f"runs_{runs}", "many_runs", runs)


def _runs(folder: Path, scale: float) -> Workload:
    log = _runs_log(scale)
    logdir = folder / log.name
    ours = _shell("tbtools", "summarize", str(logdir))
    return Workload(
        RUNS,
        f"{log.amount:,} runs of 20 tags x 100 points, from the shell",
        "`tbtools summarize LOGDIR` against processes that only read the same directory. The whole "
        "process counts, imports included; of the Rust server its load cycle.",
        (log,),
        (
            ours,
            _process("checksum", logdir),
            _process("limit", logdir),
            _rust(logdir),
            _fallback(ours),
            _process("tbparse", logdir, rounds=1),
            _process("EventAccumulator", logdir, rounds=1),
        ),
        logdir,
    )


def _linearity(folder: Path, scale: float) -> Workload:
    counts = [round(runs * scale) for runs in (250, 500, 1000)]
    logs = tuple(Log(f"runs_{count}", "many_runs", count) for count in counts)
    return Workload(
        LINEARITY,
        "Twice the runs, twice the time",
        "`tbtools summarize` of the same kind of runs, a quarter and half as many.",
        logs,
        (
            *(_shell(f"{log.amount:,} runs", "summarize", str(folder / log.name)) for log in logs),
            *_limits(folder, logs),
        ),
    )


def _discovery(folder: Path, scale: float) -> Workload:
    log = Log("directories", "directories", round(100_000 * scale))
    logdir = folder / log.name
    slow = "where each call takes 5 ms"
    return Workload(
        DISCOVERY,
        f"Finding {log.amount:,} runs",
        "Directories that hold an empty event file each. Each is listed once; where that takes "
        f"long, many are at once: one after the other they would take {log.amount * 0.005:.0f} s.",
        (log,),
        (
            _work("discover", logdir, label="tbtools"),
            _work("discover_slowly", logdir, rounds=1, label=f"tbtools, {slow}"),
        ),
    )


def corpus() -> Path | None:
    """The folder of real event files, if there is one."""
    folder = Path(os.environ.get("TBTOOLS_CORPUS", "../shared/corpus"))
    folder = folder if folder.is_absolute() else _REPOSITORY / folder
    return folder.resolve() if folder.is_dir() else None


def _corpus(folder: Path) -> Workload:
    return Workload(
        CORPUS,
        "Real event files from public repositories, to a DataFrame",
        "Files of many writers and years, some of them damaged. Points are the scalars that were "
        "found; tbtools without those that restarts have superseded.",
        (),
        _frame_readers(folder),
        folder,
    )


def _large_pictures(scale: float) -> Log:
    return Log("pictures_300", "pictures", round(300_000_000 * scale))


def _pictures(folder: Path, scale: float) -> Workload:
    small = Log("pictures_100", "pictures", round(100_000_000 * scale))
    large = _large_pictures(scale)
    return Workload(
        PICTURES,
        f"{large.amount / 1e6:,.0f} MB of pictures and histograms, summed up",
        "What `tbtools summarize` shows, against readers that hold what they read. Imports are not "
        "counted.",
        (small, large),
        (
            _work("summarize", folder / large.name, label="tbtools"),
            _work("summarize", folder / small.name, label="tbtools, a third of it"),
            _work("checksum", folder / large.name),
            limit(folder / large.name),
            _rust(folder / large.name),
            _work("EventAccumulator", folder / large.name, rounds=1),
        ),
        folder / large.name,
    )


def _second_look(folder: Path, scale: float) -> Workload:
    small = Log("small_runs", "small_runs", round(10_000 * scale))
    logs = {f"{small.amount:,} runs": small, "pictures": _large_pictures(scale)}
    readers = []
    for name, log in logs.items():
        plain = _shell(f"{name}, without the index", "summarize", str(folder / log.name))
        index = {"TBTOOLS_CACHE": str(folder / "index")}
        readers += [replace(plain, name=name, environment=index), plain]
    one = _training_log(scale)
    # Which of the two has to get memory from the system that it gave to nobody yet is chance, and
    # takes longer than the scan: both have read the file once before.
    file = folder / one.name
    plain = _work("load", file, label="one file of scalars, without the index", warm_up=file)
    readers += [replace(plain, name="one file of scalars", environment=index), plain]
    return Workload(
        SECOND_LOOK,
        "A second look",
        f"`tbtools summarize` of {small.amount:,} runs of 20 tags x 10 points and of the pictures, "
        "with what earlier looks have kept of them in the index (the first round keeps it), and "
        f"without; and what `load` takes of a file of {one.amount:,} scalars before the frame is "
        "made, without imports, in a process that has loaded it once before and let go of it.",
        (*logs.values(), one),
        (*readers, *_limits(folder, (*logs.values(), one))),
    )


def _reports(folder: Path, scale: float) -> Workload:
    logs = [Log(f"runs_{runs}", "many_runs", runs) for runs in [round(1500 * scale)]]
    logs.append(Log("long_runs", "long_runs", round(100 * scale)))
    titles = f"{logs[0].amount:,} runs", f"{logs[1].amount:,} long runs"
    return Workload(
        REPORTS,
        "Reports",
        f"`tbtools report` of {titles[0]} of 20 tags x 100 points, and of {titles[1]} of 20 tags x "
        "10,000 points: reading, judging, and writing the page.",
        tuple(logs),
        (
            *(
                _shell(title, "report", str(folder / log.name), "--force", "-o",
                       str(folder / "report.html"), rounds=3)
                for title, log in zip(titles, logs, strict=True)
            ),
            *_limits(folder, logs),
        ),
    )  # fmt: skip


def _start_up(_folder: Path) -> Workload:
    backend = "from tensorboard.backend.event_processing import event_accumulator"
    return Workload(
        START_UP,
        "Start-up",
        "CPU time of the whole process, on the small `examples/logs`.",
        (),
        (
            _shell("tbtools --help", "--help", rounds=9),
            _shell("tbtools summarize", "summarize", str(_EXAMPLES), rounds=9),
            Reader("python -c pass", (sys.executable, "-c", "pass"), rounds=9),
            Reader("import tbparse", (sys.executable, "-c", "import tbparse"), rounds=3),
            Reader("import EventAccumulator", (sys.executable, "-c", backend), rounds=3),
        ),
    )


def workloads(folder: Path, scale: float) -> list[Workload]:
    """All workloads, with logs under `folder`.

    Args:
        folder: Where the logs are to be.
        scale: A part of the full amounts, to try things out; 1 for numbers to report.
    """
    makers: list[Callable[[Path, float], Workload]] = [
        _one_series,
        _training,
        _runs,
        _linearity,
        _discovery,
    ]
    found = [make(folder, scale) for make in makers]
    real = corpus()
    if real:
        found.append(_corpus(real))
    found += [make(folder, scale) for make in (_pictures, _second_look, _reports)]
    return [*found, _start_up(folder)]
