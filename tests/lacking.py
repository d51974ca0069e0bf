"""Tests that need what this operating system lacks are left out, and say what that is.

It is found in the modules themselves: what they take from the standard library, in functions and in
those that these call. `conftest.py` asks on Windows; each such test carries the marker ``posix``.
"""

from __future__ import annotations

import ast
import importlib
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Has = Callable[[str, str], bool]

ROOT = Path(__file__).parents[1]


def is_here(module: str, name: str) -> bool:
    """Whether a module of the standard library has a name; with "" for it, whether it is there."""
    try:
        there = importlib.import_module(module)
    except ImportError:
        return False
    return not name or hasattr(there, name)


@cache
def needs(path: Path, has: Has = is_here) -> dict[str, str]:
    """What is lacking, by function or class of a module; by "" what importing it needs."""
    if not path.exists():  # a package
        return {}
    tree = ast.parse(path.read_text("utf-8"))
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            there = needs(ROOT / f"{node.module.replace('.', '/')}.py", has)
            found |= {each.name: there[each.name] for each in node.names if each.name in there}
            if "" in there:
                found[""] = there[""]
    for node in tree.body:
        named = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if lacks := next(iter(_lacking(node, has)), None):
            found.setdefault(node.name if named else "", lacks)
    _spread(
        found, [each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    )
    return found


def _spread(found: dict[str, str], functions: list[ast.FunctionDef | ast.ClassDef]) -> None:
    """To functions that call, or have as a fixture, what lacks something; and to those of these."""
    before = -1
    while len(found) > before:
        before = len(found)
        for node in functions:
            for name in sorted(_used(node) & found.keys()):
                found.setdefault(node.name, found[name])


def _used(node: ast.AST) -> set[str]:
    every = list(ast.walk(node))
    fixtures = {each.value for each in every if isinstance(each, ast.Constant)}
    return (
        {each.id for each in every if isinstance(each, ast.Name)}
        | {each.arg for each in every if isinstance(each, ast.arg)}
        | {each for each in fixtures if isinstance(each, str)}
    )


def _lacking(node: ast.AST, has: Has) -> list[str]:
    lacking = []
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            lacking += [one.name for one in each.names if not _has(has, one.name, "")]
        elif isinstance(each, ast.Attribute):
            owner = ast.unparse(each.value)
            lacking += [] if _has(has, owner, each.attr) else [f"{owner}.{each.attr}"]
    return lacking


def _has(has: Has, module: str, name: str) -> bool:
    return module not in sys.stdlib_module_names or has(module, name)


class _LeftOut(pytest.Module):
    def _getobj(self) -> object:
        pytest.skip(f"needs {needs(self.path)['']}", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """A module that cannot be imported here is left out."""
    return _LeftOut.from_parent(parent, path=module_path) if "" in needs(module_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """So are tests."""
    for item in items:
        name = item.nodeid.split("::")[1].partition("[")[0]
        if reason := needs(item.path).get(name):
            item.add_marker(pytest.mark.posix(reason))
            item.add_marker(pytest.mark.skip(reason=f"needs {reason}"))
