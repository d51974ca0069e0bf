"""docs/performance.md, from the results of one run."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from benchmarks.reading.why import WHY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.reading.measure import Result
    from benchmarks.reading.targets import Target
    from benchmarks.reading.workloads import Workload

    # Function and its part of the time, by the job's name.
    Profiles = Mapping[str, Sequence[tuple[str, float]]]

_MEBIBYTE = 1 << 20
_ANSWERS = {True: "yes", False: "**no**", None: "not measured"}
_INTRODUCTION = """\
# Performance

`make bench` writes this page. It measures tbtools beside what else reads event files, in one run on
one machine: in each round every reader in turn, each in a fresh process, files in the page cache.
Shown are medians, and ratios to the first row. CPU time is that of the same work, of all threads
(the Rust server's that of its process), with OPENBLAS_NUM_THREADS=1; peak memory that of the
process, imports included. Seconds belong to the machine, ratios less so.

Every reader keeps all points: EventAccumulator with `size_guidance` 0, TensorBoard's Rust server
with all samples (its time is the load cycle in its own log; it checks checksums only where parsing
fails), tbparse in its default long format. *checksum* reads the bytes and runs google-crc32c over
them, which is the least that a reader can do that verifies what it reads. *limit* is a loop in C
(benchmarks/reading/limit.c) that checks both checksums of each record and fills step, wall time,
value and tag of plain scalars, and nothing else: no damage, no other events, no frame. *scan* is
what tbtools does first, alone and on one core: from bytes to columns.
"""


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right.

    Args:
        header: The heads of the columns.
        rows: Their cells; ``|`` in them is escaped.
    """
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def _paragraph(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def seconds(value: float) -> str:
    """Three digits, and no exponent."""
    return (
        f"{value:.0f} s" if value >= 100 else f"{value:.3g} s" if value >= 1 else f"{value:.3f} s"
    )


def _time_and_ratio(result: Result, ours: Result, attribute: str) -> tuple[str, str]:
    time = result.median(attribute)
    return seconds(time), f"{time / ours.median(attribute):.3g} x"


def _row(result: Result, ours: Result) -> list[str]:
    if not result.rounds:
        return [result.reader.name, f"fails: {result.failure}", *[""] * 6]
    return [
        result.reader.name,
        *_time_and_ratio(result, ours, "seconds"),
        *_time_and_ratio(result, ours, "cpu_seconds"),
        f"{result.median('peak_bytes') / _MEBIBYTE:,.0f} MiB",
        "" if result.points is None else f"{result.points:,}",
        str(len(result.rounds)),
    ]


def _workload_section(workload: Workload, results: Mapping[str, Result], megabytes: float) -> str:
    header = ["reader", "time", "ratio", "CPU time", "ratio", "peak memory", "points", "rounds"]
    ours = next(iter(results.values()))
    size = f" {megabytes:,.1f} MB." if megabytes else ""
    table = markdown_table(header, [_row(result, ours) for result in results.values()])
    return f"## {workload.title}\n\n{_paragraph(workload.about + size)}\n\n{table}\n"


def targets_section(targets: Sequence[Target]) -> str:
    """What was promised, whether it was kept and, where it was not, why, under a heading."""
    header = ["work", "wanted", "measured", "met"]
    rows = [[each.work, each.wanted, each.measured, _ANSWERS[each.met]] for each in targets]
    reasons: dict[str, list[str]] = {}
    for each in targets:
        if each.met is False and (why := WHY.get((each.work, each.wanted))):
            reasons.setdefault(why, []).append(each.work)
    told = [_paragraph(f"- {'; '.join(work)}: {why}", "  ") for why, work in reasons.items()]
    section = f"## Targets\n\n{markdown_table(header, rows)}\n"
    return section + ("\nWhy not:\n\n" + "\n".join(told) + "\n" if told else "")


def _profile_section(profiles: Profiles) -> str:
    sentences = [
        _paragraph(f"- {job}: {', '.join(f'{name} {part:.0%}' for name, part in parts)}.", "  ")
        for job, parts in profiles.items()
    ]
    about = (
        "The functions that cost most by themselves, by cProfile in the main thread (which makes "
        "calls dearer than they are). The scan runs in threads of its own: *waiting for the scan* "
        "is what of it nothing else hides."
    )
    return f"## Where the time goes\n\n{_paragraph(about)}\n\n" + "\n".join(sentences) + "\n"


def _instructions_section(counts: Mapping[str, tuple[float | None, int]]) -> str:
    about = (
        "Of the scan on one core, counted by callgrind, which no load of the machine changes. "
        "Before is commit 7ca4bf1, which parsed each record; now it is compared with earlier ones."
    )
    rows = [
        [title, "not measured" if now is None else f"{now:,.0f}", f"{before:,}"]
        for title, (now, before) in counts.items()
    ]
    table = markdown_table(["records", "instructions a record", "before"], rows)
    return f"## Instructions a record\n\n{_paragraph(about)}\n\n{table}\n"


def performance_page(
    machine: str,
    date: str,
    warning: str,
    sections: Sequence[tuple[Workload, Mapping[str, Result], float]],
    targets: Sequence[Target],
    profiles: Profiles,
    instructions: Mapping[str, tuple[float | None, int]],
) -> str:
    """The whole page.

    Args:
        machine: What was measured on.
        date: When, ISO 8601.
        warning: What makes the numbers rough; maybe empty.
        sections: Workloads, their results by reader, and how many MB were read (0 for no matter).
        targets: What was promised.
        profiles: Where the time goes.
        instructions: Those that the scan takes a record, now (None if not measured) and before.
    """
    head = f"{_INTRODUCTION}\n{_paragraph(f'{date}, {machine}.')}\n"
    return "\n".join(
        [
            f"{head}\n{_paragraph(warning)}\n" if warning else head,
            targets_section(targets),
            *(_workload_section(*section) for section in sections),
            _instructions_section(instructions),
            _profile_section(profiles),
        ]
    )
