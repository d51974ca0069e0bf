"""What `tbtools export` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.render.export import Export

_NOUNS = {"scalars": "row", "hparams": "run"}


def exported_lines(exported: Export, target: str) -> Iterator[str]:
    """What was written, and what was not, a line each.

    Args:
        exported: What was done.
        target: Where it was written; of standard output only what is missing is told.
    """
    if target != "-":
        yield f"{printable(target)}: {plural(exported.count, _NOUNS.get(exported.data, 'file'))}"
    if exported.left_out:
        points = plural(exported.left_out, "point")
        yield f"{points} left out: a later one of the same run, tag and step is shown (not --wide)"
    for problem in exported.problems:
        yield f"not written: {printable(problem)}"
