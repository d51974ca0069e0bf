"""The compiled extensions: there, left out by a build without a compiler, or switched off."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def compiled(name: str) -> ModuleType | None:
    """A compiled module, or None where it was not built or TBTOOLS_PURE_PYTHON=1 is set.

    Args:
        name: Its full name.

    Raises:
        ImportError: It was built, and cannot be loaded.
    """
    if os.environ.get("TBTOOLS_PURE_PYTHON", "0") not in ("", "0"):
        return None
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)


def compiled_or_python(name: str) -> ModuleType:
    """A compiled module, or where `compiled` has none its twin in Python, ``<name>_python``."""
    return compiled(name) or importlib.import_module(f"{name}_python")
