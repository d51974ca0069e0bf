"""What `tbtools explain` says of a run, for the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tbtools.analysis.explain import JudgedInputs, explain_judged
from tbtools.render.explanation import explanation_lines
from tbtools.render.format import markdown_text, printable
from tbtools.render.report.markdown import markdown_to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tbtools.analysis.explanation import Explanation
    from tbtools.analysis.judgement import Judgement
    from tbtools.runs.inputs import Inputs
    from tbtools.runs.selection import Selection

# Runs of which a page tells everything; of others it names the command that does.
MOST_PANELS = 40


def run_panels(
    inputs: Inputs,
    judged: Judgement,
    selection: Selection,
    first: Sequence[int],
    title: str,
    shown_path: Callable[[str], str],
) -> dict[int, str]:
    """What is known of the runs that are looked at most: the best, and those with findings.

    Args:
        inputs: The runs.
        judged: What is wrong with them.
        selection: Which tags and steps.
        first: The numbers of the best runs.
        title: What the runs are called together.
        shown_path: Makes of a file's path the one that is shown.

    Returns:
        By the number of the run HTML in which no stranger's text has an effect. The curves are
        left out: the page draws them.
    """
    names = list(inputs.runs)
    number = {name: index for index, name in enumerate(names)}
    # In the order of their severity.
    found = [number[each.run] for each in judged.findings if each.run in number]
    chosen = list(dict.fromkeys([*first, *found, *range(len(names))]))[:MOST_PANELS]
    panels = {}
    known = JudgedInputs(inputs, judged)
    for run in chosen:
        whole = explain_judged(known, names[run], selection, curves=False)
        one = _of_page(whole, title, shown_path)
        lines = explanation_lines(one, lambda text: markdown_text(printable(text)))
        panels[run] = markdown_to_html("\n".join(lines))
        inputs.runs[names[run]].data.rest()
    return panels


def _of_page(one: Explanation, title: str, shown_path: Callable[[str], str]) -> Explanation:
    """The same with the paths that a page may name."""

    def shown(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        return ({**row, "file": shown_path(row["file"])} for row in rows)

    return replace(
        one,
        path=one.run,
        logdir=title,
        sessions=tuple(shown(one.sessions)),
        places=tuple(
            {name: shown_path(file) for name, file in places.items()} for places in one.places
        ),
        problems=tuple(shown(one.problems)),
        configuration=one.configuration and shown_path(one.configuration),
    )
