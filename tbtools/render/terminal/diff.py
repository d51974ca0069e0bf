"""What `tbtools diff` shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import (
    format_count,
    format_rounded,
    markdown_text,
    plural,
    printable,
)
from tbtools.render.terminal.diff_cells import (
    area_cell,
    best_cell,
    both_cells,
    change_cell,
    counts_cell,
    final_cell,
    first_step_cell,
    interval_cell,
    largest_cell,
    reached_cell,
    setting_cell,
    sparks_cell,
    speed_cell,
    step_cell,
    verdict_text,
)
from tbtools.render.terminal.diff_runs import main_tags, run_columns
from tbtools.render.terminal.lines import number_format, print_line, shown_name
from tbtools.render.terminal.table import Column, print_table
from tbtools.render.text_tables import latex_table, markdown_table
from tbtools.runs.series import axis_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.diff import Diff, RunDiff, TagDiff, Violation
    from tbtools.render.terminal.diagnostics import Diagnostics

_AXIS_NAMES = {"relative": "relative time", "active": "active time", "wall": "wall time"}
_LINES_SHOWN = 40  # of a text that differs
_LINES_OF_A_KIND = 3


class DiffView:
    """A comparison as table, JSON, CSV and Markdown.

    Args:
        diff: What is shown.
        violations: Limits that were not kept to; None where none were set.
        diagnostics: Of the runs.
    """

    def __init__(
        self, diff: Diff, violations: Sequence[Violation] | None, diagnostics: Diagnostics
    ) -> None:
        self.diff = diff
        self.violations = violations
        self.diagnostics = diagnostics

    # -- for programs

    def to_json(self) -> dict[str, Any]:
        """The JSON of design and README, with the limits that were not kept to, where any were."""
        result = self.diff.to_dict()
        if self.violations is not None:
            result["violations"] = [
                {"limit": each.limit.text, "run": each.run, "tag": each.tag, "says": each.message}
                for each in self.violations
            ]
        return result

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag of each pair of runs."""
        rows = self.diff.to_dict()["tags"]
        for number, row in enumerate(rows):
            if number == 0:
                yield list(row)
            yield list(row.values())

    def to_markdown(self) -> Iterator[str]:
        """The first line, and a table of the tags that differ, for a pull request."""
        yield f"**{markdown_text(self._headline().plain)}**"
        for columns in self._tables():
            yield ""
            yield from markdown_table(columns)
        for violation in self.violations or ():
            yield f"- {markdown_text(printable(violation.message))}"

    def to_latex(self) -> Iterator[str]:
        """The same tables, a tabular each."""
        for columns in self._tables():
            yield from latex_table(columns)

    def _tables(self) -> Iterator[list[Column]]:
        """The tags that differ, a table a pair of runs; or a row a run."""
        if self._is_one_table():
            yield run_columns(self.diff, main_tags(self.diff))
            return
        for run in self.diff.runs:
            tags = [tag for tag in run.tags if not tag.identical]
            if tags:
                yield _short_columns(run, tags)

    def _is_one_table(self) -> bool:
        """Whether several runs were compared with one: then the answer is a row a run."""
        runs = self.diff.runs
        one = {run.a for run in runs} == {self.diff.a}
        return (
            one and len(runs) > 1 and not any(tag.is_of_groups for run in runs for tag in run.tags)
        )

    # -- for a person

    def show(self, console: Console) -> None:
        """Prints whether they are the same, and what a person asks next."""
        print_line(console, self._headline())
        if self.diff.x != "step":
            axis = _AXIS_NAMES.get(axis_name(self.diff.x), shown_name(self.diff.x))
            print_line(console, f"curves, ends and areas along {axis}")
        if self._is_one_table():
            print_line(console, "")
            judged = main_tags(self.diff)
            print_table(console, run_columns(self.diff, judged, number_format(console)))
            names = [run.b or "-" for run in self.diff.runs]
            for line in _doubt_lines(zip(names, judged, strict=True)):
                print_line(console, line)
        else:
            for run in self.diff.runs:
                if run.only_in is None and not run.identical:
                    self._show_run(console, run)
        self._show_lonely_runs(console)
        for violation in self.violations or ():
            print_line(console, Text(f"limit: {printable(violation.message)}", style="bold red"))

    def totals(self) -> str:
        """One line: what was compared."""
        compared = [run for run in self.diff.runs if run.only_in is None]
        tags = [tag for run in compared for tag in run.tags]
        counts = sum(run.points_a for run in compared), sum(run.points_b for run in compared)
        points = " and ".join(plural(count, "point") for count in counts)
        pairs = f"{plural(len(compared), 'pair')} of runs"
        return f"compared: {pairs}, {plural(len(tags), 'tag')}, {points}"

    def _headline(self) -> Text:
        others = shown_name(self.diff.b)
        if self._is_one_table():
            others = plural(len(self.diff.runs), "other run")
        names = f"{shown_name(self.diff.a)} and {others}"
        if self.diff.identical:
            return Text(f"the same: {names}", style="bold green")
        runs = self.diff.runs
        if all(replace(run, not_compared=()).identical for run in runs):
            return Text(f"not all could be compared: {names}; the rest is the same", "bold red")
        tags = [tag for run in runs for tag in run.tags]
        differing = [tag for tag in tags if not tag.identical]
        count = f"{format_count(len(differing))} of {plural(len(tags), 'tag')}"
        text = f"different: {names}; {count} {'differs' if len(differing) == 1 else 'differ'}"
        steps = [tag.points.first_step for tag in differing if tag.points]
        firsts = [step for step in steps if step is not None]
        if firsts:
            text += f", from step {format_count(min(firsts))} on"
        same = sum(run.identical for run in runs)
        if len(runs) > 1:
            text += f"; {format_count(same)} of {plural(len(runs), 'run')} the same"
        return Text(text, style="bold red")

    def _show_lonely_runs(self, console: Console) -> None:
        for side in ("a", "b"):
            names = [run.a or run.b or "" for run in self.diff.runs if run.only_in == side]
            if names:
                listed = ", ".join(map(shown_name, names))
                print_line(console, f"\nruns only in {shown_name(self._name(side))}: {listed}")

    def _name(self, side: str) -> str:
        return self.diff.a if side == "a" else self.diff.b

    def _show_run(self, console: Console, run: RunDiff) -> None:
        print_line(console, Text(f"\n{_pair(run)}", style="bold"))
        _show_only(console, run)
        _show_hparams(console, run)
        _show_texts(console, run)
        differing = [tag for tag in run.tags if not tag.identical and tag.only_in is None]
        same = sum(tag.identical for tag in run.tags)
        if same:
            print_line(console, f"{plural(same, 'tag')} the same")
        curves = [tag for tag in differing if tag.a and tag.b]
        groups = [tag for tag in differing if tag.evidence and not tag.a]
        others = [tag for tag in differing if not tag.evidence]
        if curves:
            print_line(console, "")
            print_table(console, _curve_columns(curves, console))
            judged = [tag for tag in curves if tag.objective != "none"]
            _show_progress(console, judged, self.diff.x)
        if groups:
            print_line(console, "")
            print_table(console, _group_columns(groups))
        if others:
            print_line(console, "")
            print_table(console, _payload_columns(others))
        named = [(tag.tag, tag) for tag in differing]
        for line in (*_length_lines(differing), *_doubt_lines(named)):
            print_line(console, line)


def _length_lines(tags: Sequence[TagDiff]) -> Iterator[str]:
    """Which side ends first: levels are then those of the middle of the other."""
    for side, other in (("a", "b"), ("b", "a")):
        places = Counter(
            tuple(f"{getattr(tag, f'end_{each}'):,.10g}" for each in (side, other))
            for tag in tags
            if tag.shorter == side
        )
        for (own, others), count in places.most_common(_LINES_OF_A_KIND):
            ends = f"{side} ends at {own}, {other} at {others}"
            yield f"{plural(count, 'tag')}: {ends}: changes are those up to there"


def _doubt_lines(named: Iterable[tuple[str, TagDiff | None]]) -> Iterator[str]:
    """Why there is no evidence.

    Args:
        named: What was compared, by a name for it.
    """
    doubted = [
        f"no evidence: {shown_name(name)}: {tag.evidence.reason}"
        for name, tag in named
        if tag and tag.evidence and tag.evidence.verdict == "no evidence" and not tag.identical
    ]
    yield from doubted[:_LINES_OF_A_KIND]
    if (left := len(doubted) - _LINES_OF_A_KIND) > 0:
        yield f"no evidence: {left:,} more (--format json has the reasons)"


def lines_not_compared(diff: Diff) -> Iterator[str]:
    """A line for each thing that could not be compared."""
    for run in diff.runs:
        for side, problem in run.not_compared:
            name = run.a if side == "a" else run.b
            yield printable(f"not compared: {side}: run {name}: {problem}")


def _pair(run: RunDiff) -> str:
    a, b = run.a or "-", run.b or "-"
    if a == b:
        return f"run {shown_name(a)}" if a != "." else "a and b"
    return f"a: {shown_name(a)}, b: {shown_name(b)}"


def _show_only(console: Console, run: RunDiff) -> None:
    for side in ("a", "b"):
        names = [shown_name(tag.tag) for tag in run.tags if tag.only_in == side]
        if names:
            print_line(console, f"only in {side}: {', '.join(names)}")


def _show_hparams(console: Console, run: RunDiff) -> None:
    if not run.hparams:
        return
    print_line(console, "hyperparameters")
    columns = [
        Column("  name", [f"  {shown_name(each.name)}" for each in run.hparams]),
        Column("a", ["-" if each.only_in == "b" else setting_cell(each.a) for each in run.hparams]),
        Column("b", ["-" if each.only_in == "a" else setting_cell(each.b) for each in run.hparams]),
    ]
    print_table(console, columns)


def _show_texts(console: Console, run: RunDiff) -> None:
    for text in run.text:
        print_line(console, f"text {shown_name(text.tag)} at step {format_count(text.step)}")
        for line in text.lines[:_LINES_SHOWN]:
            style = {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")
            print_line(console, Text(f"  {printable(line)}", style=style))
        left = len(text.lines) - _LINES_SHOWN
        if left > 0:
            print_line(console, f"  ... {plural(left, 'more line')} (--format json has all)")


# -- tables


def _short_columns(run: RunDiff, tags: Sequence[TagDiff]) -> list[Column]:
    return [
        Column(_pair(run), [shown_name(tag.tag) for tag in tags]),
        Column("first difference", [first_step_cell(tag) for tag in tags], True),
        Column("a", [final_cell(tag, "a") for tag in tags], True),
        Column("b", [final_cell(tag, "b") for tag in tags], True),
        Column("change", [change_cell(tag) for tag in tags], True),
        Column("verdict", [verdict_text(tag).plain for tag in tags]),
    ]


def _curve_columns(tags: Sequence[TagDiff], console: Console) -> list[Column]:
    number, ascii_only = number_format(console), console.options.ascii_only
    sparks = [sparks_cell(tag, ascii_only=ascii_only) for tag in tags]
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("points", [counts_cell(tag) for tag in tags], True, 9),
        Column("differs from", [first_step_cell(tag) for tag in tags], True, 2),
        Column("at most by", [largest_cell(tag) for tag in tags], True, 7),
        Column("at step", [step_cell(tag.points.max_step) for tag in tags if tag.points], True, 8),
        Column("final (a, b)", [both_cells(final_cell, tag, number) for tag in tags], True, 3),
        Column("best (a, b)", [both_cells(best_cell, tag, number) for tag in tags], True, 5),
        Column("a and b on one scale", sparks, rank=4),
        Column("change at the end", [change_cell(tag) for tag in tags], True, 1),
        Column("b is", [verdict_text(tag) for tag in tags]),
    ]


def _group_columns(tags: Sequence[TagDiff]) -> list[Column]:
    evidence = [tag.evidence for tag in tags if tag.evidence]
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("runs", [f"{each.runs_a} / {each.runs_b}" for each in evidence], True, 3),
        Column("at the end (a, b)", [both_cells(final_cell, tag) for tag in tags], True, 5),
        Column("change", [change_cell(tag) for tag in tags], True, 1),
        Column("95 % interval", [interval_cell(each.low, each.high) for each in evidence], True, 4),
        Column("P(b better)", [format_rounded(each.improvement) for each in evidence], True, 2),
        Column("p", [format_rounded(each.p_value) for each in evidence], True, 6),
        Column("b is", [verdict_text(tag) for tag in tags]),
    ]


def _payload_columns(tags: Sequence[TagDiff]) -> list[Column]:
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("plugin", [printable(tag.plugin) for tag in tags], rank=2),
        Column("points", [counts_cell(tag) for tag in tags], True, 1),
        Column("differs from", [first_step_cell(tag) for tag in tags], True),
    ]


def _show_progress(console: Console, tags: Sequence[TagDiff], x: str) -> None:
    """When each was as good as the other ever is, and how fast they went."""
    sides = [(tag, tag.a, tag.b) for tag in tags if tag.a and tag.b]
    if not sides:
        return
    print_line(console, "")
    number = number_format(console)
    columns = [
        Column("tag", [shown_name(tag.tag) for tag, _, _ in sides], names=True),
        Column("a as good as b's best", [reached_cell(a, x, number) for _, a, _ in sides], True, 1),
        Column("b as good as a's best", [reached_cell(b, x, number) for _, _, b in sides], True),
        Column("steps/s (a, b)", [both_cells(speed_cell, tag) for tag, _, _ in sides], True, 3),
        Column("area between", [area_cell(tag) for tag, _, _ in sides], True, 4),
    ]
    print_table(console, columns)
