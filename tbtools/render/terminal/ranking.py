"""What `tbtools best` shows."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.analysis.importance import FEWEST_RUNS
from tbtools.render.format import (
    format_count,
    format_duration,
    format_number,
    format_rounded,
    plural,
    printable,
)
from tbtools.render.shared import hparam_text
from tbtools.render.terminal.lines import (
    SEVERITY_STYLES,
    number_format,
    print_line,
    shown_name,
)
from tbtools.render.terminal.table import Column, print_table
from tbtools.render.text_tables import latex_table, markdown_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.forest import Forest
    from tbtools.analysis.importance import Importance
    from tbtools.analysis.outlook import Outlook
    from tbtools.analysis.ranked import RankedRun, Ranking
    from tbtools.render.terminal.lines import FormatNumber

_AT = {"end": "its level at the end", "last": "its last value", "best": "its best value"}
_OWN_COLUMNS = frozenset(
    {"#", "run", "±", "+/-", "runs", "points", "step", "after"}
    | {"expected", "checkpoint", "status", "findings"}
)
_MOST_REASONS, _MOST_HPARAMS = 5, 5


class RankingView:
    """Runs in order as a table, JSON, CSV, Markdown and LaTeX.

    Args:
        ranking: What is shown.
        logdir: What was ranked, as it was given.
    """

    def __init__(self, ranking: Ranking, logdir: str) -> None:
        self.ranking = ranking
        self.logdir = logdir

    def to_json(self) -> dict[str, Any]:
        """The JSON of `tbtools best`."""
        return self.ranking.to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a run, as `Ranking.to_frame` has them."""
        for number, each in enumerate(self.ranking.runs):
            row = self.ranking.row(each) | {"value": format_number(each.value, each.dtype)}
            if number == 0:
                yield list(row)
            yield list(row.values())

    def to_markdown(self) -> Iterator[str]:
        """The table."""
        return markdown_table(self._columns())

    def to_latex(self) -> Iterator[str]:
        """The table, as a tabular."""
        return latex_table(self._columns())

    def show(self, console: Console) -> None:
        """Prints by what runs are ranked, the table, and what should be known of it."""
        print_line(console, self._headline(), style="bold")
        ascii_only = console.options.ascii_only
        columns = self._columns(number_format(console), ascii_only=ascii_only)
        hidden = print_table(console, columns)
        for line in self._below(hidden):
            print_line(console, line)

    def totals(self) -> str:
        """One line: what was ranked."""
        one = self.ranking
        text = f"{printable(self.logdir)}: {self._count(one.ranked)} ranked by {shown_name(one.by)}"
        if len(one.runs) < one.ranked:
            text += f", the best {format_count(len(one.runs))} shown (--top)"
        return text + (f"; {plural(len(one.not_ranked), 'run')} not ranked" * bool(one.not_ranked))

    def _count(self, count: int) -> str:
        return plural(count, "group" if self.ranking.grouped else "run")

    def _headline(self) -> str:
        one = self.ranking
        better = "least" if one.direction == "min" else "greatest"
        at = _AT.get(one.at, f"its value at {one.at.replace('=', ' ')}")
        text = f"by {shown_name(one.by)}, {at}, the {better} first"
        return text + (f"; next best: --by {shown_name(one.runner_up)}" if one.runner_up else "")

    def _columns(
        self, number: FormatNumber = format_number, *, ascii_only: bool = False
    ) -> list[Column]:
        runs = self.ranking.runs
        columns = [
            Column("#", [_rank(each) for each in runs], True),
            Column("run", [shown_name(each.run) for each in runs], names=True),
            Column(shown_name(self.ranking.by), [_value(each, number) for each in runs], True),
            Column("+/-" if ascii_only else "±", [_spread(each) for each in runs], True, 1),
        ]
        if self.ranking.grouped:
            columns.append(Column("runs", [format_count(len(each.runs)) for each in runs], True))
        if any(each.is_short for each in runs):
            points = [format_count(each.points) for each in runs]
            columns.append(Column("points", points, True))
        steps = ["-" if each.step is None else format_count(each.step) for each in runs]
        columns += [
            Column("step", steps, True, 2),
            Column("after", [format_duration(each.seconds) for each in runs], True, 4),
            *(
                Column(self._label(name), [_setting(each, name) for each in runs], True, 3)
                for name in self._telling_hparams()
            ),
            *self._expected(),
            Column("checkpoint", [_checkpoint(each) for each in runs], rank=6),
            Column("status", [each.status or "-" for each in runs], rank=5),
            Column("findings", [_findings(each) for each in runs], rank=2),
        ]
        return columns

    def _expected(self) -> Iterator[Column]:
        """Where runs that may go on will be."""
        found = [each.outlook for each in self.ranking.runs]
        if any(found):
            yield Column("expected", [_outlook(each) for each in found], rank=3)

    def _label(self, name: str) -> str:
        """The column of a hyperparameter, which may be called like another one."""
        taken = {*_OWN_COLUMNS, self.ranking.by}
        return shown_name(f"hparam/{name}" if name in taken else name)

    def _telling_hparams(self) -> list[str]:
        """Those that are not the same in all that is shown; the same in all tells nothing here."""
        runs = self.ranking.runs
        return [
            name
            for name in self.ranking.hparams
            if len(runs) == 1 or len({_setting(each, name) for each in runs}) > 1
        ]

    def _below(self, hidden: Sequence[str]) -> Iterator[str]:
        one = self.ranking
        if any(each.tied for each in one.runs):
            level = f"{100 * (one.confidence or 0):.0f} % intervals"
            yield f"= cannot be told from the first by the {level} (docs/best.md)"
        if any(each.is_short for each in one.runs):
            yield "points: one or two say little beside the others, and may be luck"
        behind = [each for each in one.runs if each.outlook and each.outlook.reaches_best is False]
        is_shown = any(each.outlook for each in one.runs) and "expected" not in hidden
        if behind or is_shown:
            yield "expected: if it goes on as it has, with its 95 % interval"
        if behind:
            names = ", ".join(shown_name(each.run) for each in behind[:_MOST_REASONS])
            more = len(behind) - _MOST_REASONS
            names += f" and {format_count(more)} more" if more > 0 else ""
            yield f"will not reach the best of their siblings by then (95 %): {names}"
        reasons = Counter(one.not_ranked.values()).most_common()
        told = [f"{plural(count, 'run')}: {printable(reason)}" for reason, count in reasons]
        if len(told) > _MOST_REASONS:
            told[_MOST_REASONS:] = [plural(len(told) - _MOST_REASONS, "more reason")]
        if told:
            yield f"not ranked: {'; '.join(told)}"
        yield from _importance_lines(one.importance, one.by)
        if one.forest is not None:
            yield from _forest_lines(one.forest, one.by)


def _importance_lines(found: Sequence[Importance], by: str) -> Iterator[str]:
    """Which hyperparameters go with better runs; or that there are too few to tell."""
    if not found:
        return
    runs = max(each.runs for each in found)
    if runs < FEWEST_RUNS:
        yield (
            f"hyperparameters: {plural(runs, 'run')} are too few to tell which matter, "
            f"{FEWEST_RUNS} is the least"
        )
        return
    clear = [each for each in found if each.is_clear]
    names = ", ".join(shown_name(each.name) for each in found if not each.is_clear)
    if clear:
        what = f"go with a better {shown_name(by)}"
        yield f"hyperparameters that {what} (rank correlation, 95 % interval)"
    for each in clear[:_MOST_HPARAMS]:
        yield f"  {_importance_text(each)}"
    if names:
        yield f"hyperparameters of which {plural(runs, 'run')} do not tell: {names}"


def _forest_lines(found: Forest, by: str) -> Iterator[str]:
    """What a random forest needs; or that it foretells nothing."""
    counted = plural(found.runs, "run")
    if not found.clear:
        yield (
            f"a random forest over {counted} does not foretell {shown_name(by)} "
            f"(R2 {found.score:.2f} on runs it has not seen): more runs may tell"
        )
        return
    yield (
        f"hyperparameters that a random forest needs to foretell {shown_name(by)} "
        f"(permutation importance, 95 % interval; R2 {found.score:.2f} on runs it has not seen)"
    )
    for each in found.clear[:_MOST_HPARAMS]:
        name = shown_name(each.name)
        yield f"  {name}: {each.importance:.2f} ({each.low:.2f} to {each.high:.2f}); {counted}"


def _importance_text(one: Importance) -> str:
    ends = f"{one.low:+.2f} to {one.high:+.2f}"
    what = "more" if one.greater is None else hparam_text(one.greater)
    better = "better" if one.correlation > 0 else "worse"
    counted = plural(one.runs, "run")
    return f"{shown_name(one.name)}: {one.correlation:+.2f} ({ends}), {what} is {better}; {counted}"


def _rank(each: RankedRun) -> str:
    return f"= {format_count(each.rank)}" if each.tied else format_count(each.rank)


def _value(each: RankedRun, number: FormatNumber) -> str:
    if each.low is None and each.dtype != "float64":
        return number(each.value, each.dtype)
    return format_rounded(each.value)


def _spread(each: RankedRun) -> str:
    return "-" if each.high is None else format_rounded(each.high - each.value, 2)


def _outlook(one: Outlook | None) -> str:
    if one is None:
        return "-"
    found = one.forecast
    ends = f"{format_rounded(found.low, 4)} to {format_rounded(found.high, 4)}"
    return f"{format_rounded(found.value, 4)} ({ends}) at {format_count(found.step)}"


def _setting(each: RankedRun, name: str) -> str:
    return hparam_text(each.hparams[name]) if name in each.hparams else "-"


def _checkpoint(each: RankedRun) -> str:
    if each.checkpoint_error:
        return printable(f"not known: {each.checkpoint_error}")
    return printable(PurePath(each.checkpoint.path).name) if each.checkpoint else "-"


def _findings(each: RankedRun) -> Text:
    """The kinds that are more than an info, the worst first."""
    serious = [one for one in each.findings if one.is_serious]
    if not serious:
        return Text("-")
    kinds = ", ".join(dict.fromkeys(one.kind for one in serious))
    worst = min(serious, key=lambda one: ("error", "warning").index(one.severity))
    return Text(kinds, style=SEVERITY_STYLES[worst.severity])
