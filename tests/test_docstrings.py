"""The examples in the docstrings of the API: they run, and show what comes out."""

from __future__ import annotations

import doctest
import inspect
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Of what needs a program that goes on, a log of a tracker, a notebook or accepted runs: its page.
ELSEWHERE = {"compact", "diff_against", "diff_report", "figure", "import_", "plot", "watch"}
ELSEWHERE |= {"widget", "write_figure"}
EXAMPLES = {
    example.name: example
    for name in tbtools.__all__
    for example in doctest.DocTestFinder(exclude_empty=True).find(
        getattr(tbtools, name), name, globs={"tbtools": tbtools}
    )
    if example.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        EXAMPLES[name], out=told.append
    )
    assert done.failed == 0, "".join(told)


def test_every_function_has_one() -> None:
    functions = {name for name in tbtools.__all__ if inspect.isfunction(getattr(tbtools, name))}
    assert functions - ELSEWHERE <= EXAMPLES.keys()
