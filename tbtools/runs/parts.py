"""What the directories of a run contribute to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tbtools.runs.statistics import series_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.runs.columns import RunColumns, SeriesRows
    from tbtools.runs.statistics import SeriesStatistics

    # First and last step, both included; None for no bound.
    Steps = tuple[int | None, int | None] | None


@dataclass(slots=True, eq=False)  # not frozen: making one takes half the time
class Part:
    """What one directory contributes to a run: the run's own files, or a sub-run folded into it.

    Attributes:
        run: The run that it is shown as.
        source: The run that it is in the log directory.
        columns: Its columns.
        tag_names: Shown tag by tag; None where they are the same.
    """

    run: str
    source: str
    columns: RunColumns
    tag_names: dict[str, str] | None = None

    def shown_tag(self, tag: str) -> str:
        """The name under which a tag is shown."""
        return self.tag_names.get(tag, tag) if self.tag_names else tag

    def shown_tags(self, series: Iterable[SeriesRows]) -> list[str]:
        """The names under which the tags of some of its series are shown."""
        if not self.tag_names:
            return [each.tag for each in series]
        return [self.shown_tag(each.tag) for each in series]

    def within(self, steps: Steps) -> Part:
        """The same, only with the points between two steps, both included."""
        return replace(self, columns=self.columns.within(*steps)) if steps else self

    def statistics(self) -> list[SeriesStatistics]:
        """All its series in numbers, under the tags that are shown."""
        statistics = series_statistics(self.columns)
        if not self.tag_names:
            return statistics
        return [replace(each, tag=self.shown_tag(each.tag)) for each in statistics]
