"""Whatever is handed over: a named error, also the builtin one that fits, or a sound result."""

from __future__ import annotations

import contextlib
import errno
import inspect
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.eventfile.source import using
from tests.builders import EventFileBuilder
from tests.pictures import one_browser
from tests.sources import failing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOGS = "logs"
FILE = "logs/a/events.out.tfevents.1"
# For each function the arguments it needs, all of them right; `{}` is a name that is free.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("EventFileReader", "read_records"), (FILE,)),
    "EventFileWriter": ("{}",),
    **dict.fromkeys(("aggregate", "best", "compare_scores", "detect", "load", "plot"), (LOGS,)),
    **dict.fromkeys(("read_scalars", "smooth"), (LOGS,)),
    **dict.fromkeys(("compact", "edit", "repair", "summarize", "verify"), (LOGS,)),
    "diff": ("logs/a", "logs/b"),
    "diff_against": ("logs/a", "accepted"),
    "diff_report": ("DIFF", "logs/a", "logs/b", "{}.html"),
    "explain": ("logs/a",),
    "export": (LOGS, "{}.csv"),
    "import_": ("metrics.csv",),
    "watch": (LOGS,),
    "figure": (LOGS, "{}.tex"),
    "merge": ("logs/a",),
    "report": (LOGS, "{}.html"),
    "widget": (LOGS,),
    "write": ("AGGREGATE", "{}.csv"),
    "write_figure": ("FIGURE", "{}.png", "png"),
}
RESULTS: dict[str, Callable[[], Any]] = {
    "DIFF": lambda: tbtools.diff("logs/a", "logs/b"),
    "AGGREGATE": lambda: tbtools.aggregate(LOGS),
    "FIGURE": lambda: tbtools.plot(LOGS),
}
WRONG = [
    *(None, 5, -1.5, True, object(), b"loss", "", "\0", "\udcff", "no/such/path", "empty"),
    *("text.md", "/dev/null", "/proc/self/mem", [], [None], [["a"]], {}, {"a": []}, print),
]


@pytest.fixture(scope="module", autouse=True)
def _few_browsers() -> Iterator[None]:
    with one_browser():
        yield


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (f"{LOGS}/a", f"{LOGS}/b", "accepted/x", "accepted/y", "accepted/z"):
        builder = EventFileBuilder().scalars("loss", [(step, 1.0) for step in range(3)])
        builder.text("note", 1, "words").write(tmp_path / folder / Path(FILE).name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.md").write_text("words\n")
    (tmp_path / "metrics.csv").write_text("step,loss\n0,1\n")
    monkeypatch.chdir(tmp_path)


def functions() -> Iterator[str]:
    for name in tbtools.__all__:
        if inspect.isfunction(getattr(tbtools, name)) or name.startswith("EventFile"):
            yield name


def parameters(function: Callable[..., Any]) -> list[str]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(function).parameters.values()
    return [each.name for each in found if each.kind not in variable]


def methods(kind: type) -> Iterator[tuple[str, str]]:
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            yield from ((name, parameter) for parameter in parameters(method)[1:])


def wrong_for(function: Callable[..., Any], parameter: str) -> list[Any]:
    """What is tried; where every object is a truth value, hardly anything is wrong."""
    is_flag = isinstance(inspect.signature(function).parameters[parameter].default, bool)
    return [None, object()] if is_flag else WRONG


def test_every_error_is_a_builtin_one_too() -> None:
    errors = [getattr(tbtools, name) for name in tbtools.__all__]
    errors = [each for each in errors if isinstance(each, type) and issubclass(each, Exception)]
    for each in errors:
        builtin = (ValueError, KeyError, OSError, ImportError, RuntimeError, Warning)
        assert each is tbtools.TbtoolsError or issubclass(each, builtin), each


def require_named(call: Callable[[], Any]) -> None:
    """Makes a call, and reads on where it gives an iterator."""
    with contextlib.suppress(tbtools.TbtoolsError):
        result = call()
        for _ in (
            result
            if hasattr(result, "__next__") or isinstance(result, tbtools.EventFileReader)
            else ()
        ):
            pass


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, each) for name in functions() for each in parameters(getattr(tbtools, name))],
)
@pytest.mark.filterwarnings("ignore")
def test_a_function(name: str, parameter: str) -> None:
    function = getattr(tbtools, name)
    required = ARGUMENTS[name]
    results = {each: RESULTS[each]() for each in required if each in RESULTS}
    for number, wrong in enumerate(wrong_for(function, parameter)):
        if parameter in ("progress", "callback") and wrong is print:
            continue
        right = (results[each] if each in results else each.format(number) for each in required)
        arguments = dict(zip(parameters(function), right, strict=False)) | {parameter: wrong}
        require_named(partial(function, **arguments))


@pytest.mark.parametrize(
    ("kind", "name", "parameter"),
    [
        *(("Experiment", *each) for each in methods(tbtools.Experiment)),
        *(("Run", *each) for each in methods(tbtools.Run)),
    ],
)
def test_a_method(kind: str, name: str, parameter: str) -> None:
    experiment = tbtools.load(LOGS)
    subject = experiment if kind == "Experiment" else experiment["a"]
    for wrong in WRONG:
        arguments = {"key": "a"} | {parameter: wrong} if name == "get" else {parameter: wrong}
        require_named(partial(getattr(subject, name), **arguments))


@pytest.mark.parametrize("name", [*WRONG, 0, b"a"])
def test_no_run_has_a_name_that_is_none(name: Any) -> None:
    experiment = tbtools.load(LOGS)
    assert name not in experiment
    assert experiment.get(name) is None
    with pytest.raises(tbtools.UnknownRun, match="known: 'a', 'b'"):
        experiment[name]


@pytest.mark.parametrize("read", [tbtools.read_records, tbtools.EventFileReader])
@pytest.mark.parametrize(
    ("path", "builtin", "message"),
    [
        ("no/such", FileNotFoundError, "no/such: No such file or directory"),
        ("empty", IsADirectoryError, "empty: Is a directory"),
        (f"{FILE}/x", NotADirectoryError, f"{FILE}/x: Not a directory"),
        ("a\0b", OSError, "a\0b: embedded null byte"),
    ],
)
def test_what_cannot_be_opened(
    read: Callable[[str], Any], path: str, builtin: type[OSError], message: str
) -> None:
    with pytest.raises(builtin) as caught:
        list(read(path))
    assert isinstance(caught.value, tbtools.FileError)
    assert str(caught.value) == message
    assert caught.value.filename == path


@pytest.mark.parametrize("read", [tbtools.read_records, tbtools.EventFileReader])
@pytest.mark.parametrize("operation", ["open", "read"])
@pytest.mark.parametrize(
    ("number", "builtin"), [(errno.EACCES, PermissionError), (errno.EIO, OSError)]
)
def test_what_the_operating_system_refuses(
    read: Callable[[str], Any], operation: str, number: int, builtin: type[OSError]
) -> None:
    with using(failing(operation, number)), pytest.raises(builtin) as caught:
        list(read(FILE))
    assert isinstance(caught.value, tbtools.FileError)
    assert str(caught.value) == f"{FILE}: {os.strerror(number)}"


def as_page(path: Any) -> Any:
    """The same path with the ending of a page, for other endings are refused first."""
    return path.replace(".csv", ".html") if isinstance(path, str) else path


@pytest.mark.parametrize(
    "write",
    [
        lambda path: tbtools.report(LOGS, as_page(path)),
        partial(tbtools.export, LOGS),
        lambda path: tbtools.write(tbtools.aggregate(LOGS), path),
        lambda path: tbtools.write_figure(tbtools.plot(LOGS), path, "png"),
    ],
)
@pytest.mark.parametrize(
    ("path", "builtin", "message"),
    [
        ("empty.csv", IsADirectoryError, "this is a directory; name a file"),
        ("no/such.csv", FileNotFoundError, "no: there is no such directory; make it first"),
        (5, TypeError, "int is no path"),
        (None, TypeError, "NoneType is no path"),
        ("a\0b.csv", ValueError, "null byte"),
        ("", ValueError, "it is empty"),
    ],
)
def test_where_nothing_can_be_written(
    write: Callable[[Any], Any], path: Any, builtin: type[Exception], message: str
) -> None:
    Path("empty.csv").mkdir()
    Path("empty.html").mkdir()
    with pytest.raises(builtin, match=message) as caught:
        write(path)
    assert isinstance(caught.value, tbtools.TbtoolsError)


@pytest.mark.parametrize("path", ["/proc/self/mem", "/proc/self/status"])
def test_a_special_file_is_unreadable_and_not_empty(path: str) -> None:
    if not Path(path).exists():
        pytest.skip("there is no /proc")
    (check,) = tbtools.verify(path).files
    assert check.status == "unreadable"
    for read in (tbtools.read_records, tbtools.EventFileReader):
        with pytest.raises(tbtools.FileError):
            list(read(path))


@pytest.mark.parametrize("given", ["soon", None, object(), b"one", [1.0]])
def test_the_writer_refuses_what_no_event_holds(given: Any) -> None:
    with tbtools.EventFileWriter("written") as writer:
        with pytest.raises(tbtools.UnwritableValue):
            writer.add_scalar("loss", given, 1)
        with pytest.raises(tbtools.UnwritableValue):
            writer.add_scalar("loss", 1.0, "one" if given is None else given)
        if given is not None:
            with pytest.raises(tbtools.UnwritableValue):
                writer.add_scalar("loss", 1.0, 1, given)
