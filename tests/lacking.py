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
    from collections.abc import Callable, Iterator

    Has = Callable[[str, str], bool]

ROOT = Path(__file__).parents[1]
# What is there without POSIX, and does something else or needs a right.
OTHERWISE = {"chmod": "modes of files", "umask": "modes of files", "st_mode": "modes of files",
             "symlink_to": "links", "fsencode": "paths of bytes"}  # fmt: skip
# In scripts, and in what commands are given.
IN_TEXTS = ("/dev/", "/proc/", "import resource", "signal.pause", "bash")


def is_here(module: str, name: str) -> bool:
    """Whether a module of the standard library has a name; with "" for it, whether it is there."""
    try:
        there = importlib.import_module(module)
    except ImportError:
        return False
    return not name or hasattr(there, name)


_DEFINITION = (ast.FunctionDef, ast.ClassDef)


@cache
def needs(path: Path, has: Has = is_here) -> dict[str, str]:
    """What is lacking, by function of a module; by "" what importing it needs."""
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
    functions = dict(_functions(tree.body))
    at_import: list[ast.AST] = [each for each in tree.body if not isinstance(each, _DEFINITION)]
    for node in functions.values():
        at_import += getattr(node, "decorator_list", [])
    for node in at_import:
        _tell(found, "", _absent(node, has))
    for name, node in functions.items():
        _tell(found, name, _absent(node, has) + _otherwise(node, has))
    _spread(found, functions)
    return found


def _functions(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Functions, those of classes as ``Class::function``; and what modules assign."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}::")
        elif isinstance(node, ast.FunctionDef):
            yield f"{within}{node.name}", node
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), node


def _tell(found: dict[str, str], name: str, lacking: list[str]) -> None:
    if lacking:
        found.setdefault(name, lacking[0])


def _spread(found: dict[str, str], functions: dict[str, ast.stmt]) -> None:
    """To functions that call, or have as a fixture, what lacks something; and to those of these."""
    before = -1
    while len(found) > before:
        before = len(found)
        for name, node in functions.items():
            for used in sorted(_used(node) & found.keys()):
                found.setdefault(name, found[used])


def _used(node: ast.AST) -> set[str]:
    every = list(ast.walk(node))
    fixtures = {each.value for each in every if isinstance(each, ast.Constant)}
    return (
        {each.id for each in every if isinstance(each, ast.Name)}
        | {each.arg for each in every if isinstance(each, ast.arg)}
        | {each for each in fixtures if isinstance(each, str)}
    )


def _absent(node: ast.AST, has: Has) -> list[str]:
    absent = []
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            absent += [one.name for one in each.names if not _has(has, one.name, "")]
        elif isinstance(each, ast.Attribute) and not _has(
            has, owner := ast.unparse(each.value), each.attr
        ):
            absent.append(f"{owner}.{each.attr}")
    return absent


def _otherwise(node: ast.AST, has: Has) -> list[str]:
    if has("posix", ""):
        return []
    every = list(ast.walk(node))
    names = [OTHERWISE.get(each.attr, "") for each in every if isinstance(each, ast.Attribute)]
    texts = [str(each.value) for each in every if isinstance(each, ast.Constant)]
    return [
        *filter(None, names),
        *(word for word in IN_TEXTS if any(word in each for each in texts)),
    ]


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
        name = item.nodeid.partition("[")[0].partition("::")[2]
        if reason := needs(item.path).get(name):
            item.add_marker(pytest.mark.posix(reason))
            item.add_marker(pytest.mark.skip(reason=f"needs {reason}"))
