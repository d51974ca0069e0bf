"""What `tbtools explain` shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.explanation import explanation_lines
from tbtools.render.format import markdown_text, plural, printable
from tbtools.render.not_judged import as_configured
from tbtools.render.terminal.lines import print_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.explanation import Explanation


class ExplanationView:
    """A page of text, Markdown, JSON, or the points of the curves as CSV.

    Args:
        explanation: What is shown.
    """

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation

    def shortened(self, budget: int, format: str) -> ExplanationView:  # noqa: A002 - the option
        """The same with at most so many characters in a format, the closing line apart.

        Raises:
            InvalidArgument: It cannot be so short.
        """

        def length(one: Explanation) -> int:
            view = ExplanationView(one)
            if format == "json":
                return len(json.dumps(view.to_json(), indent=2)) + 1
            lines = view.to_markdown() if format == "markdown" else explanation_lines(one)
            return sum(len(line) + 1 for line in lines)

        return ExplanationView(self.explanation.within(budget, length))

    def to_json(self) -> dict[str, Any]:
        """The JSON of `tbtools explain`."""
        return self.explanation.to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a point of the curves."""
        yield ["tag", "step", "value", "file", "reason"]
        yield from self.explanation.rows()

    def to_markdown(self) -> Iterator[str]:
        """The page, in which no stranger's text has an effect."""
        return explanation_lines(self.explanation, lambda text: markdown_text(printable(text)))

    def show(self, console: Console) -> None:
        """Prints the page."""
        for line in explanation_lines(self.explanation):
            print_line(console, Text(line, style="bold" if line.startswith("#") else ""))

    def totals(self) -> str:
        """What was explained."""
        one = self.explanation
        text = f"{printable(one.path)}: {plural(len(one.findings), 'finding')}"
        text += f", {plural(len(one.curves), 'curve')}, {plural(one.siblings, 'other run')}"
        words = as_configured(one.configuration, one.kinds_off)
        return text + f"; {words}" * bool(words)
