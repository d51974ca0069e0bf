"""Tables of texts for other pages: Markdown for pull requests, LaTeX for papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import markdown_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.render.terminal.table import Column

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    **{each: f"\\{each}" for each in "&%$#_{}"},
}


def latex_text(text: str) -> str:
    """A text without what TeX in it would do."""
    return "".join(_LATEX.get(each, each) for each in text)


def markdown_table(columns: Sequence[Column]) -> Iterator[str]:
    """The lines of a table; columns without content are left out."""
    shown = _filled(columns)
    yield _markdown_row([column.name for column in shown])
    yield f"| {' | '.join('---:' if column.right else '---' for column in shown)} |"
    for row in zip(*(column.plain for column in shown), strict=True):
        yield _markdown_row(row)


def latex_table(columns: Sequence[Column]) -> Iterator[str]:
    r"""The lines of a tabular with the rules of the package booktabs; see `markdown_table`."""
    shown = _filled(columns)
    yield f"\\begin{{tabular}}{{{''.join('r' if column.right else 'l' for column in shown)}}}"
    yield "\\toprule"
    yield _latex_row([column.name for column in shown])
    yield "\\midrule"
    for row in zip(*(column.plain for column in shown), strict=True):
        yield _latex_row(row)
    yield "\\bottomrule"
    yield "\\end{tabular}"


def _filled(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.rank == 0 or column.has_content]


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(markdown_text(cell.strip()) for cell in cells)} |"


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(latex_text(cell.strip()) for cell in cells) + r" \\"
