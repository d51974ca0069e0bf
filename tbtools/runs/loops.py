"""The loops over the rows of a run: compiled, or where that was not built with NumPy.

`_rows_python` tells what each of them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

loops: ModuleType = compiled_or_python("tbtools.runs._rows")
