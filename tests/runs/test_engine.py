"""Work over many runs in other processes: the same results, bit by bit, whatever is lost."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.analysis.failures import failures_of
from tbtools.analysis.judgement import judge
from tbtools.errors import EngineError, InvalidArgument, MissingExtra
from tbtools.runs import dask_engine
from tbtools.runs.data import RunData
from tbtools.runs.engine import over_runs
from tests.builders import EventFileBuilder
from tests.commands import ROOT, TBTOOLS, environment, process
from tests.engines import PickledEngine, dies, names_with_trouble
from tests.memory import held_after
from tests.sweeps import write_related_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")

LOGS = os.fspath(ROOT / "tests" / "logs")
RUNS = 60


@contextlib.contextmanager
def two_workers(memory_limit: str | None = None, forked: bool = False) -> Iterator[Any]:
    """A client of a cluster of its own.

    Its workers are new processes, as users have them, or forked from one that has imported Dask.
    """
    import dask

    settings = {
        # A task may lose both workers once; the third one that it loses is one too many.
        "distributed.scheduler.allowed-failures": 2,
        "distributed.worker.multiprocessing-method": "forkserver" if forked else "spawn",
    }
    environment_of_workers = {"distributed.nanny.environ": {"PYTHONPATH": os.fspath(ROOT)}}
    with (
        dask.config.set(settings | environment_of_workers),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=memory_limit, silence_logs=50,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as connected,
    ):  # fmt: skip
        yield connected


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with two_workers() as connected:
        yield connected
    # One whose scheduler is gone would ask for it as long as this process lives.
    dask_engine._connected.cache_clear()
    for each in list(distributed.Client._instances):
        each.close()


@pytest.fixture
def mortal() -> Iterator[Any]:
    """Whose workers a test kills: a nanny gives up on one that is killed while it starts again."""
    with two_workers(forked=True) as connected:
        yield connected


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Runs of which some diverge, some are damaged, and some have their validation beside them."""
    logs = tmp_path_factory.mktemp("many")
    for number in range(RUNS):
        values = [(step, 1.0 / (1 + step) + 0.01 * (step * 7919 % 13)) for step in range(60)]
        if number % 7 == 0:
            values = [(step, value * (50.0 if step > 40 else 1)) for step, value in values]
        name = f"run{number // 2}_{'val' if number % 2 else 'train'}"
        one = EventFileBuilder().file_version().scalars("loss", values)
        one.write(logs / name / "events.out.tfevents.1")
        if number % 11 == 0:
            path = logs / name / "events.out.tfevents.1"
            path.write_bytes(path.read_bytes()[:-5])
    return os.fspath(logs)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> str:
    logs = tmp_path_factory.mktemp("sweep")
    write_related_runs(logs)
    return os.fspath(logs)


def _summary(logs: Any, **options: Any) -> Any:
    summary = tbtools.summarize(logs, now=0.0, **options)
    return summary.to_dict(), [
        (run.run, run.tags.tags, run.tags.numbers.tobytes(), run.tags.means.tobytes())
        for run in summary.runs
    ]


def _rows(path: str) -> Any:
    import pandas as pd

    frame = pd.read_parquet(path).astype({"run": "str", "tag": "str"})
    return frame.sort_values("run", kind="stable").to_dict("list")


def _exported(logs: Any, **options: Any) -> Any:
    """The rows of a table that one process has written, or of a data set."""
    pytest.importorskip("pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/table.parquet"
        exported = tbtools.export(logs, path, **options)
        rows = _rows(path)
    return exported.to_dict(), {name: str(column) for name, column in rows.items()}


def _judged(logs: Any, **options: Any) -> Any:
    judgement = judge(logs, **options)
    experiment = logs if isinstance(logs, tbtools.Experiment) else tbtools.load(logs)
    failures = failures_of(experiment, judgement, experiment.all_runs)
    return judgement.to_dict(), judgement.trends, failures.to_dict()


def _ranked(logs: Any, **options: Any) -> Any:
    return [
        tbtools.best(logs, "loss", at=at, **options).to_dict()
        for at in ("end", "best", "step=50")
    ]  # fmt: skip


def _aggregated(logs: Any, **options: Any) -> Any:
    """Some groups, and all runs as one."""
    found = [
        tbtools.aggregate(logs, group=group, nonfinite="drop", **options)
        for group in (r"(?P<number>\d)", None)
    ]
    series = [one for each in found for one in each.series]
    return [each.to_dict() for each in found], [
        (one.x.tobytes(), one.statistics["mean"].tobytes()) for one in series
    ]


def _regressions(logs: Any, **options: Any) -> Any:
    experiment = logs if isinstance(logs, tbtools.Experiment) else tbtools.load(logs)
    names = list(experiment)
    first, rest = ({name: experiment[name] for name in some} for some in (names[:9], names[9:]))
    found = tbtools.diff_against(rest, first, **options)
    return found.to_dict(), [one.curve and one.curve.value.tobytes() for one in found.tags]


def _edited(logs: Any, **options: Any) -> Any:
    plan = tbtools.edit(logs, rename="s/o/0/", scale_steps=2, **options)
    with tempfile.TemporaryDirectory() as folder:
        plan.write(f"{folder}/edited")
        content = {
            os.path.relpath(path, folder): path.read_bytes()
            for path in sorted(Path(folder).rglob("*tfevents*"))
        }
    return plan.to_dict(), content


ANALYSES: dict[str, Callable[..., Any]] = {
    "summarize": _summary,
    "export": _exported,
    "detect": _judged,
    "best": _ranked,
    "aggregate": _aggregated,
    "diff against": _regressions,
    "edit": _edited,
}


@pytest.fixture(params=ANALYSES)
def analysis(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return ANALYSES[request.param]


def _by(engine: Any, path: str) -> tbtools.Experiment:
    experiment = tbtools.load(path)
    for run in experiment.all_runs.values():
        run.data.engine = engine
    return experiment


def _check_the_same(experiment: tbtools.Experiment, path: str, analysis: Any) -> None:
    assert analysis(experiment) == analysis(path)
    # What is known of runs came with the results, and the runs themselves did not.
    if analysis in (_judged, _ranked, _aggregated, _regressions):
        assert not any(run.data.is_read for run in experiment.values())
    assert [run.data.diagnostics for run in experiment.values()] == [
        run.data.diagnostics for run in tbtools.load(path).values()
    ]


@pytest.mark.parametrize("logs", ["many", "sweep"])
def test_the_same_as_in_one_piece(
    logs: str, many: str, sweep: str, analysis: Callable[..., Any]
) -> None:
    path = {"many": many, "sweep": sweep}[logs]
    engine = PickledEngine()
    _check_the_same(_by(engine, path), path, analysis)
    assert engine.tasks > 1


def test_the_same_where_there_is_too_much_to_be_judged(
    many: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once this is known, no series is sent for it."""
    monkeypatch.setattr("tbtools.analysis.summary._JUDGED_SERIES", RUNS // 2)
    engine = PickledEngine()
    _check_the_same(_by(engine, many), many, _summary)
    assert not tbtools.summarize(many).judged
    whole = engine.given.copy()
    monkeypatch.setattr("tbtools.analysis.summary._JUDGED_SERIES", RUNS)
    _summary(_by(engine, many))
    assert max(whole[-2:]) < min(engine.given[-2:]) / 2


@pytest.mark.parametrize("analysis", ["summarize", "export", "detect", "edit"], indirect=True)
def test_the_same_as_in_one_process(analysis: Callable[..., Any], client: Any) -> None:
    _check_the_same(tbtools.load(LOGS, engine=client), LOGS, analysis)


@pytest.mark.corpus
def test_real_runs_are_judged_the_same(corpus: Path) -> None:
    path = os.fspath(corpus)
    judged = judge(_by(PickledEngine(), path)).to_dict()
    assert judged == judge(path).to_dict()


@pytest.mark.parametrize("analysis", ANALYSES, indirect=True)
def test_workers_that_are_killed(many: str, analysis: Callable[..., Any], mortal: Any) -> None:
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if not killed and done < total:
            killed.extend(mortal.run(os.getpid).values())
            for each in killed:
                os.kill(each, signal.SIGKILL)

    experiment = tbtools.load(many, engine=mortal)
    assert analysis(experiment, progress=kill) == analysis(many)
    assert len(killed) == 2


def test_accepted_runs_are_read_where_they_are_needed(tmp_path: Path) -> None:
    one = EventFileBuilder().scalars("loss", [(step, 1.0 + step % 7) for step in range(5000)])
    for name in ("a", "b", "c", "d", "e"):
        one.write(tmp_path / name / "events.out.tfevents.1")
    runs, accepted = tmp_path / "e", tmp_path
    engine = PickledEngine()
    found = tbtools.diff_against(_by(engine, os.fspath(runs)), accepted)
    assert found.to_dict() == tbtools.diff_against(runs, accepted).to_dict()
    assert found.accepted == ("a", "b", "c", "d")
    assert engine.sent < 10_000
    experiment = tbtools.load(accepted)
    shutil.rmtree(tmp_path / "c")
    found = tbtools.diff_against(_by(engine, os.fspath(runs)), experiment)
    assert [each["file"] for each in found.problems] == [f"{tmp_path}/c/events.out.tfevents.1"]


def test_what_is_held_of_a_run(tmp_path: Path) -> None:
    """Of four series their numbers and sparklines, which are 0.9 kB; names and paths, 0.4 kB."""
    one = EventFileBuilder().file_version()
    for step in range(20):
        for tag in ("train/loss", "val/loss", "lr", "throughput"):
            one.scalar(tag, step, 1 / (1 + step))
    one.write(tmp_path / "tfevents")
    held = []
    for count in (8, 256, 512):  # what is made once is made by the first
        for number in range(count):
            (tmp_path / f"{count}" / f"run{number}").mkdir(parents=True)
            os.link(tmp_path / "tfevents", tmp_path / f"{count}" / f"run{number}" / "tfevents.1")
        logdir = os.fspath(tmp_path / f"{count}")

        def summed(logdir: str = logdir) -> Any:
            experiment = _by(PickledEngine(), logdir)
            return experiment, tbtools.summarize(experiment)

        (_, summary), size = held_after(summed)
        held.append(size)
        assert len(summary.runs) == count
    assert (held[2] - held[1]) / 256 < 3300


def test_a_scheduler_at_an_address(client: Any) -> None:
    address = f"dask:{client.scheduler.address}"
    assert _summary(tbtools.load(LOGS, engine=address)) == _summary(LOGS)
    with pytest.raises(InvalidArgument, match="name the whole path"):
        tbtools.summarize(tbtools.load(os.path.relpath(LOGS), engine=address))


def test_a_scheduler_that_goes_away(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client is closed: it would ask for the scheduler as long as this process lives."""
    import dask

    cluster = distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None, silence_logs=50
    )
    experiment = tbtools.load(many, engine=f"dask:{cluster.scheduler_address}")
    assert experiment.engine is not None
    # Only now: to connect to one that is there may take a busy machine longer.
    experiment.engine.client._timeout = 0.5  # type: ignore[attr-defined]
    monkeypatch.setattr("tbtools.runs.dask_engine._CONNECT_SECONDS", 0.5)
    monkeypatch.setitem(dask.config.config["distributed"]["comm"]["timeouts"], "connect", "1s")

    def close(done: int, total: int) -> None:
        if done < total:
            cluster.close()

    with pytest.raises(EngineError, match="the Dask scheduler is gone"):
        tbtools.summarize(experiment, progress=close)
    assert experiment.engine.client.status == "closed"  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="no Dask scheduler at"):
        tbtools.load(many, engine=f"dask:{cluster.scheduler_address}")


def test_a_scheduler_without_workers() -> None:
    cluster = distributed.LocalCluster(
        n_workers=0, processes=False, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster, set_as_default=False) as connected:
        engine = tbtools.load(LOGS, engine=connected).engine
        assert repr(engine).startswith("dask: no workers; ")


def test_work_that_kills_every_worker(many: str, mortal: Any) -> None:
    with pytest.raises(EngineError, match="3 workers were lost one after the other"):
        list(over_runs(tbtools.load(many, engine=mortal), dies))


def test_workers_that_do_not_come_back(
    many: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """They are killed, and those that should take their place end while they start."""
    gone = tmp_path / "gone"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if os.path.exists({os.fspath(gone)!r}) and 'spawn_main' in str(sys.orig_argv):\n"
        "    os._exit(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    monkeypatch.setattr("tbtools.runs.dask_engine._NO_WORKERS_SECONDS", 1)
    monkeypatch.setattr("tbtools.runs.dask_engine.usable_cores", lambda: 1)
    experiment = tbtools.load(many, engine="dask")
    client = experiment.engine.client  # type: ignore[union-attr]
    before = _runs_in_memory()
    tbtools.summarize(experiment)
    # Dask keeps no message in which they were, once it has done with the last one.
    until = time.monotonic() + 10
    while _runs_in_memory() != before and time.monotonic() < until:
        time.sleep(0.1)
    assert _runs_in_memory() == before

    def kill(done: int, total: int) -> None:
        if not gone.exists() and done < total:
            gone.touch()
            for each in client.run(os.getpid).values():
                os.kill(each, signal.SIGKILL)

    try:
        with pytest.raises(EngineError, match="no worker was left for 1 s, and none came"):
            tbtools.summarize(experiment, progress=kill)
    finally:
        client.close()
        client.cluster.close()
    assert capfd.readouterr().err == ""


def _runs_in_memory() -> int:
    gc.collect()
    return sum(type(each) is RunData for each in gc.get_objects())


@pytest.mark.parametrize("trouble", ["slow", "out of memory"])
def test_a_worker_in_trouble(many: str, tmp_path: Path, trouble: str) -> None:
    """One that is far slower than the others, or is ended for its memory by Dask's nanny."""
    told = os.fspath(tmp_path / "told")
    work = partial(names_with_trouble, trouble=trouble, told=told)
    with two_workers(memory_limit="400MB", forked=True) as client:
        found = list(over_runs(tbtools.load(many, engine=client), work))
    assert [name for names in found for name in names] == list(tbtools.load(many))
    assert len(found) > 1
    assert Path(told).exists() == (trouble == "out of memory")


def test_errors_are_those_of_one_process(many: str, client: Any) -> None:
    with pytest.raises(tbtools.UnknownTag, match="no tag 'los'; close: 'loss'"):
        tbtools.summarize(tbtools.load(many, engine=client), tags="los")
    with pytest.raises(InvalidArgument, match="no points in steps 100:; they go from 0 to 59"):
        tbtools.summarize(tbtools.load(many, engine=client), steps=(100, None))


@pytest.mark.parametrize("engine", ["ray", "dask:", "Dask", 3, b"dask"])
def test_no_such_engine(engine: Any) -> None:
    with pytest.raises(InvalidArgument, match="neither dask nor dask:ADDRESS"):
        tbtools.load(LOGS, engine=engine)


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tbtools.runs.dask_engine._CONNECT_SECONDS", 0.2)
    with pytest.raises(EngineError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9: "):
        tbtools.load(LOGS, engine="dask:tcp://127.0.0.1:9")


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tbtools\[distributed\]'"):
        tbtools.load(LOGS, engine="dask")


def test_a_command(many: str) -> None:
    alone = process("summarize", many, "--format", "json")
    shared = process("summarize", many, "--format", "json", "--engine", "dask")
    assert (shared.status, shared.out) == (alone.status, alone.out)
    first, rest = shared.err.split("\n", 1)
    assert first.startswith("dask: ")
    assert "; dashboard at http://127.0.0.1:" in first
    assert rest == alone.err


def test_ctrl_c_ends_all_processes(tmp_path: Path) -> None:
    one = EventFileBuilder().file_version().scalars("loss", [(i, 1.0) for i in range(20_000)])
    for number in range(8):
        one.write(tmp_path / str(number) / "events.out.tfevents.1")
    child = subprocess.Popen(
        [*TBTOOLS, "summarize", os.fspath(tmp_path), "--engine", "dask"],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert child.stderr is not None
    assert child.stderr.readline().startswith(b"dask: ")  # its workers have started
    os.killpg(child.pid, signal.SIGINT)  # as a terminal sends it: to all of them
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (130, b"tbtools: interrupted\n")
    for _ in range(100):
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a process is left")


def _lake(logs: str, folder: Path, client: Any, **options: Any) -> tuple[int, int]:
    pytest.importorskip("pyarrow")
    exported = tbtools.export(tbtools.load(logs, engine=client), folder, **options)
    return exported.count, exported.runs


def _values(folder: Path) -> dict[str, list[float]]:
    rows = _rows(os.fspath(folder))
    found: dict[str, list[float]] = {}
    for run, value in zip(rows["run"], rows["value"], strict=True):
        found.setdefault(run, []).append(value)
    return found


def test_a_data_set_is_added_to(tmp_path: Path, client: Any) -> None:
    logs, folder = tmp_path / "logs", tmp_path / "lake"
    for name in "abcdefghijklmnopqrst":
        EventFileBuilder().scalars("loss", [(0, 1.0), (1, 0.5)]).write(logs / name / "tfevents.1")
    assert _lake(os.fspath(logs), folder, client) == (40, 20)
    first = {each.name for each in folder.iterdir()}
    assert _lake(os.fspath(logs), folder, client) == (0, 0)
    assert {each.name for each in folder.iterdir()} == first
    EventFileBuilder().scalars("loss", [(0, 2.0)]).write(logs / "new" / "tfevents.1")
    with (logs / "c" / "tfevents.1").open("ab") as grown:
        grown.write(EventFileBuilder().scalar("loss", 2, 0.25).bytes())
    shutil.rmtree(logs / "d")
    (folder / "runs-broken-off.parquet.unfinished").write_bytes(b"")
    assert _lake(os.fspath(logs), folder, client) == (4, 2)
    expected = {name: [1.0, 0.5] for name in "abcdefghijklmnopqrst"}
    assert _values(folder) == expected | {"c": [1.0, 0.5, 0.25], "new": [2.0]}
    left = {each.name for each in folder.iterdir()}
    assert len(first - left) == 1  # the file in which c was
    assert not [name for name in left if "unfinished" in name]


def test_a_data_set_keeps_to_what_it_is(many: str, tmp_path: Path, client: Any) -> None:
    _lake(many, tmp_path / "lake", client, tags="loss")
    with pytest.raises(InvalidArgument, match="it holds another selection"):
        _lake(many, tmp_path / "lake", client)
    with pytest.raises(tbtools.UnknownTag):
        _lake(many, tmp_path / "typo", client, tags="los")
    assert not (tmp_path / "typo").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("")
    with pytest.raises(tbtools.ForeignFiles, match=r"thesis\.tex"):
        _lake(many, tmp_path / "other", client)
    for options in ({"wide": True}, {"format": "csv"}, {"force": True}, {"csv_safe": True}):
        with pytest.raises(InvalidArgument, match="long data set of Parquet files"):
            _lake(many, tmp_path / "lake", client, **options)


def test_others_read_a_data_set(many: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/distributed.md says to DuckDB, Polars and pandas."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    monkeypatch.chdir(tmp_path)
    tbtools.export(_by(PickledEngine(), many), tmp_path / "lake")
    text = (ROOT / "docs" / "distributed.md").read_text()
    [query] = re.findall(r'duckdb -c "(.*)"', text)
    best = duckdb.sql(query.replace("val/loss", "loss")).fetchall()
    frame = tbtools.read_scalars(many)
    expected = frame.groupby("run", observed=True)["value"].min().nsmallest(5, keep="all")
    assert [value for _, value in best] == expected.tolist()[:5]
    assert {run for run, _ in best} <= set(expected.index)
    for line in re.findall(r"^(?:pandas|polars)\..*$", text, re.MULTILINE):
        read = eval(line, {"pandas": pytest.importorskip("pandas"), "polars": polars})
        rows = read if hasattr(read, "shape") else read.collect()
        assert rows.shape == (len(frame), 5), line
        assert sorted(rows["value"].to_list()) == sorted(frame["value"])


def test_a_dask_frame(many: str) -> None:
    import pandas as pd

    experiment = tbtools.load(many)
    frame = experiment.to_dask("loss", steps=(10, None))
    assert not any(run.data.is_read for run in experiment.values())
    read = frame.compute(scheduler="synchronous").reset_index(drop=True)
    expected = experiment.scalars("loss", steps=(10, None))
    expected = expected.astype({"run": "string[pyarrow]", "tag": "string[pyarrow]"})
    pd.testing.assert_frame_equal(read, expected)
    assert len(experiment.to_dask("nowhere").compute(scheduler="synchronous")) == 0
