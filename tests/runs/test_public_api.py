"""What users rely on: the names that tbtools exports, where they come from, how they are called."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import tbtools
from tests.builders import EventFileBuilder

SOURCE = Path(tbtools.__file__)


def typed_imports() -> dict[str, str]:
    """Name to module, as tbtools/__init__.py has it for type checkers."""
    (block,) = (node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    return {
        alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    assert typed_imports() == tbtools._MODULE_OF
    assert sorted(typed_imports()) == tbtools.__all__


@pytest.mark.parametrize("name", tbtools.__all__)
def test_each_name_is_what_its_module_or_package_defines(name: str) -> None:
    value = getattr(tbtools, name)
    module = tbtools._MODULE_OF[name]
    assert value is getattr(importlib.import_module(module), name)
    assert f"{value.__module__}.".startswith(f"{module}.")
    assert inspect.getdoc(value)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tbtools' has no attribute 'nonsense'"):
        _ = tbtools.nonsense
    with pytest.raises(ImportError):
        from tbtools import nonsense  # noqa: F401


def test_the_version_is_that_of_the_package() -> None:
    assert tbtools.__version__.split(".")[0].isdigit()


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (
            tbtools.load,
            (
                "(path, runs=None, restarts='resume', *, exclude_runs=None, fold=False, "
                "skip_unreadable=False, cache=True)"
            ),
        ),
        (tbtools.read_scalars, "(path, tags=None, **options)"),
        (
            tbtools.Experiment.scalars,
            "(self, tags=None, *, steps=None, wide=False, dtype=False)",
        ),
        (tbtools.Run.scalars, "(self, tags=None, *, steps=None, wide=False, dtype=False)"),
        (tbtools.Experiment.refresh, "(self)"),
        (tbtools.Experiment.hparams, "(self)"),
        *(
            (getattr(tbtools.Run, name), "(self, tags=None)")
            for name in (
                *("images", "audio", "histograms", "distributions", "text", "pr_curves"),
                *("meshes", "tensors", "plugin_data"),
            )
        ),
        (tbtools.Run.graph, "(self)"),
        (tbtools.Run.embeddings, "(self)"),
    ],
)
def test_signatures_are_a_promise(function: object, signature: str) -> None:
    assert callable(function)
    found = inspect.signature(function)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values()]
    plain = found.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    assert str(plain) == signature


def test_runs_are_read_and_counted_without_pandas(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("loss", [(1, 0.5), (2, 0.25)]).text("note", 1, "words")
    builder.write(tmp_path / "r" / "events.out.tfevents.1")
    script = (
        "import sys, tbtools\n"
        "sys.modules['pandas'] = None\n"  # from here on, importing it is an error
        "run = tbtools.load(sys.argv[1])['r']\n"
        "print([(each.tag, each.count, each.last) for each in run.data.statistics()])\n"
        "print([value.step for value in run.values('text')], run.superseded)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout == "[('loss', 2, 0.25), ('note', 1, None)]\n[1] 0\n"


RUN = {
    *("audio", "changes", "custom_scalars", "data", "distributions", "embeddings", "event_files"),
    *("graph", "histogram_statistics", "histograms", "hparams", "images", "meshes", "name"),
    *("notes", "path", "plot", "plugin_data", "pr_curves", "problems", "refresh", "restarts"),
    *("run_metadata", "scalars", "sessions", "superseded", "tags", "tensors", "text", "values"),
}
EXPERIMENT = {
    *("all_runs", "each_run", "get", "hparams", "items", "keys", "logdir", "paths", "plot"),
    *("refresh", "restarts", "scalars", "scan", "tags", "unreadable", "values"),
}


def test_runs_and_experiments_offer_what_users_want_and_nothing_else(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    assert {name for name in dir(experiment) if name[0] != "_"} == EXPERIMENT
    assert {name for name in dir(experiment["."]) if name[0] != "_"} == RUN
    assert len(repr(experiment)) < 200
    assert len(repr(experiment["."])) < 200


def test_results_are_short_on_a_prompt(tmp_path: Path) -> None:
    EventFileBuilder().scalars("loss", [(step, 1.0) for step in range(500)]).write(
        tmp_path / "a" / "events.out.tfevents.1"
    )
    EventFileBuilder().scalar("loss", 1, 0.0).write(tmp_path / "b" / "events.out.tfevents.1")
    aggregate = tbtools.aggregate(tmp_path)
    for result in (
        tbtools.summarize(tmp_path),
        tbtools.summarize(tmp_path).runs[0],
        tbtools.verify(tmp_path),
        tbtools.detect(tmp_path),
        tbtools.merge(tmp_path / "a"),
        aggregate,
        aggregate.series[0],
        tbtools.diff(tmp_path / "a", tmp_path / "b"),
        tbtools.diff(tmp_path / "a", tmp_path / "b").runs[0],
    ):
        assert len(repr(result)) < 250, type(result)


def test_what_is_no_path_run_or_tag_is_a_named_error(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    with pytest.raises(tbtools.UnknownRun, match="no run 0"):
        _ = experiment[0]  # type: ignore[index]
    assert 0 not in experiment
    for nothing in ([], ()):
        with pytest.raises(tbtools.InvalidArgument, match="no path is given"):
            tbtools.load(nothing)
    for other in (5, None, [5]):
        with pytest.raises(tbtools.UnsupportedType, match="is no path"):
            tbtools.load(other)  # type: ignore[arg-type]
    with pytest.raises(tbtools.UnsupportedType, match="not a mapping"):
        tbtools.detect(experiment, objectives=3)  # type: ignore[arg-type]
