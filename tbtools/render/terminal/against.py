"""What `tbtools diff --against` shows."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, cast

from rich.text import Text

from tbtools.render.against_ci import explanation, regression_junit, regression_sarif
from tbtools.render.band_svg import band_svg
from tbtools.render.files import replaced_whole
from tbtools.render.format import format_count, format_rounded, markdown_text, plural
from tbtools.render.terminal.lines import print_line, shown_name
from tbtools.render.terminal.table import Column, print_table
from tbtools.render.text_tables import latex_table, markdown_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from tbtools.analysis.diff import Regression, TagRegression
    from tbtools.runs.run import Run

_ORDER = ("worse", "abnormal", "short", "missing", "better", "normal", "not judged")
_STYLES = {"better": "green", "normal": "dim", "not judged": "dim"}


class RegressionView:
    """Runs judged by accepted ones, as table, JSON, CSV, Markdown, LaTeX, JUnit and SARIF.

    Args:
        regression: What is shown.
        runs: The runs that were judged, by name.
        picture: The file with their curves, which Markdown shows; None without one.
    """

    def __init__(
        self, regression: Regression, runs: Mapping[str, Run], picture: str | None = None
    ) -> None:
        self.regression = regression
        self.runs = runs
        self._picture = picture
        self._several = len({tag.run for tag in regression.tags}) > 1
        self._tags = sorted(regression.tags, key=lambda tag: _ORDER.index(tag.verdict))

    def to_json(self) -> dict[str, Any]:
        """See `Regression.to_dict`."""
        return self.regression.to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag of each run."""
        rows = [tag.to_dict() for tag in self.regression.tags]
        yield list(rows[0])
        yield from (list(row.values()) for row in rows)

    def to_junit(self) -> Iterator[str]:
        """See `regression_junit`."""
        return regression_junit(self.regression)

    def to_sarif(self) -> Iterator[str]:
        """See `regression_sarif`."""
        return regression_sarif(self.regression, self.runs)

    def to_markdown(self) -> Iterator[str]:
        """The first line, the picture, and a table of what is not normal, for a pull request."""
        yield f"**{markdown_text(self._headline().plain)}**"
        if self._picture is not None:
            yield ""
            yield f"![curves and bands](<{self._picture.replace('>', '%3E')}>)"
        told = [tag for tag in self._tags if tag.verdict != "normal"]
        if told:
            yield ""
            yield from markdown_table(_columns(told))

    def to_latex(self) -> Iterator[str]:
        """The whole table."""
        return latex_table(_columns(self._tags))

    def show(self, console: Console) -> None:
        """Prints whether the runs are like the accepted ones, and since when not."""
        print_line(console, self._headline())
        print_line(console, "")
        print_table(console, _columns(self._tags))
        for tag in self._tags:
            if tag.fails or tag.verdict == "not judged":
                name = shown_name(f"{tag.run}: {tag.tag}" if self._several else tag.tag)
                print_line(console, f"{name}: {explanation(tag)}")

    def totals(self) -> str:
        """One line: what was judged by how many."""
        found = self.regression
        judged = [tag for tag in found.tags if tag.points]
        points = plural(sum(tag.points for tag in judged), "point")
        share = f"{found.false_alarms:.0%}"
        runs = plural(len({tag.run for tag in found.tags}), "run")
        return (
            f"judged: {runs}, {plural(len(judged), 'tag')}, {points}, by "
            f"{plural(len(found.accepted), 'accepted run')}; of runs like them {share} at most "
            "are called unlike"
        )

    def _headline(self) -> Text:
        found = self.regression
        names = shown_name(found.logdir)
        failed = found.failures
        if not failed:
            if found.is_judged:
                return Text(f"like the accepted runs: {names}", style="bold green")
            return Text(f"nothing could be judged: {names}", style="bold red")
        count = f"{format_count(len(failed))} of {plural(len(found.tags), 'tag')}"
        text = f"unlike the accepted runs: {names}; {count}"
        firsts = [tag.since_step for tag in failed if tag.since_step is not None]
        if firsts:
            text += f", from step {format_count(min(firsts))} on"
        return Text(text, style="bold red")


def write_picture(regression: Regression, path: str, *, force: bool) -> None:
    """Writes the picture of curves and bands, see `band_svg`.

    Args:
        regression: What is drawn.
        path: The file.
        force: Whether a file that is there may be replaced.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written.
    """
    with replaced_whole(path, force=force) as opened:
        cast("IO[str]", opened).writelines(f"{line}\n" for line in band_svg(regression.tags))


def _columns(tags: Sequence[TagRegression]) -> list[Column]:
    several = len({tag.run for tag in tags}) > 1
    runs = [Column("run", [shown_name(tag.run) for tag in tags], names=True)] if several else []
    return [
        *runs,
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("is", [_verdict(tag) for tag in tags]),
        Column("since step", [_step(tag.since_step) for tag in tags], True),
        Column("z", [format_rounded(tag.z, 3) for tag in tags], True),
        Column("allowed", [format_rounded(tag.limit, 3) for tag in tags], True, 1),
        Column("at step", [_place(tag) for tag in tags], True, 4),
        Column("value", [format_rounded(tag.value) for tag in tags], True, 3),
        Column("accepted runs there", [_range(tag.low, tag.high) for tag in tags], True, 3),
        Column("at the end", [format_rounded(tag.level) for tag in tags], True, 2),
        Column(
            "accepted at the end", [_range(tag.level_low, tag.level_high) for tag in tags], True, 5
        ),
        Column("detectable", [_shift(tag.detectable) for tag in tags], True, 6),
    ]


def _verdict(tag: TagRegression) -> Text:
    return Text(tag.verdict, style=_STYLES.get(tag.verdict, "bold red"))


def _step(step: int | None) -> str:
    return "-" if step is None else format_count(step)


def _place(tag: TagRegression) -> str:
    return "the end" if tag.z is not None and tag.z_step is None else _step(tag.z_step)


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None else f"{format_rounded(low)} to {format_rounded(high)}"


def _shift(shift: float | None) -> str:
    return "-" if shift is None else f"±{format_rounded(shift, 3)}"
