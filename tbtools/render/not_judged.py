"""What was not judged, and why, in words: for the terminal, JUnit and the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tbtools.analysis.configuration import IGNORED
from tbtools.render.format import format_count, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.analysis.detect import NotJudged

# Reasons as they complete "3 series ..." and "3 runs ...".
_SERIES_REASONS = {"no known objective": "without a known objective (--objective GLOB=min|max)"}
_RUN_REASONS = {"nothing could be read": "that could not be read", "no scalars": "without scalars"}
# Tags that are named for a reason.
_MOST_TAGS = 3


def as_configured(path: str | None, kinds_off: Sequence[str]) -> str:
    """``as tbtools.toml says, without plateau``: whose word the findings follow; nothing without.

    Args:
        path: The file that was followed; None without.
        kinds_off: The kinds that it does not want.
    """
    if path is None:
        return ""
    off = f", without {', '.join(kinds_off)}" if kinds_off else ""
    return f"as {printable(path)} says{off}"


def not_judged_lines(every: Iterable[NotJudged]) -> list[str]:
    """What was not judged, or not for every kind of finding, counted by reason, the most first."""
    series: dict[str, Counter[str]] = defaultdict(Counter)
    runs: Counter[str] = Counter()
    for each in every:
        if each.tag is None:
            runs[each.reason] += 1
        else:
            series[each.reason][each.tag] += 1
    ignored = series.pop(IGNORED, None)
    lines = []
    if series:
        ordered = sorted(series.items(), key=lambda each: -each[1].total())
        reasons = [
            _series(tags, _SERIES_REASONS.get(reason, f"with {reason}"), number == 0)
            for number, (reason, tags) in enumerate(ordered)
        ]
        lines.append(f"not judged for divergence, plateaus and overfitting: {'; '.join(reasons)}")
    reasons = [
        f"{plural(count, 'run')} {_RUN_REASONS.get(reason, f'with {reason}')}"
        for reason, count in runs.most_common()
    ]
    if ignored:
        reasons.append(_series(ignored, f"with {IGNORED}", True))
    if reasons:
        lines.append(f"not judged: {', '.join(reasons)}")
    return lines


def _series(tags: Counter[str], reason: str, first: bool) -> str:
    """``3 series without a known objective: lr, epoch``."""
    count = tags.total()
    names = [printable(tag) for tag, _ in tags.most_common(_MOST_TAGS)]
    more = f" and {format_count(len(tags) - len(names))} more" * (len(tags) > len(names))
    counted = plural(count, "series") if first else format_count(count)
    return f"{counted} {reason}: {', '.join(names)}{more}"
