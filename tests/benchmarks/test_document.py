"""The page and the judgement, on results that are made up."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from benchmarks.reading import document, workloads
from benchmarks.reading.measure import Measurement, Reader, Result
from benchmarks.reading.targets import Target, judge
from benchmarks.reading.why import WHY

RUST = "TensorBoard's Rust server"


def result(name: str, *seconds: float, cpu: float = 1.0, mebibytes: int = 100) -> Result:
    rounds = tuple(Measurement(each, cpu, mebibytes << 20, 5) for each in seconds)
    return Result(Reader(name, ("true",)), rounds, "" if rounds else "ValueError: broken")


def results(tbparse: float = 100.0, failing: bool = False) -> dict[str, dict[str, Result]]:
    frames = {
        "tbtools": result("tbtools", 0.3, 0.2, 0.25, cpu=0.5),
        "scan": result("scan", 0.16),
        "checksum": result("checksum", 0.05),
        RUST: result(RUST, 5.0),
        "tbparse": result("tbparse", *([] if failing else [tbparse]), mebibytes=400),
    }
    return {
        workloads.ONE_SERIES: frames,
        workloads.TRAINING: frames,
        workloads.RUNS: {
            "tbtools": result("tbtools", 1.0, cpu=1.5),
            "tbparse": result("tbparse", 30.0),
            RUST: result(RUST, 0.8),
        },
        workloads.LINEARITY: {
            str(runs): result(str(runs), 0.3 + runs / 1000, cpu=0.3 + runs / 500)
            for runs in (250, 500, 1000)
        },
        workloads.PICTURES: {
            "tbtools": result("tbtools", 0.1, mebibytes=101),
            "tbtools, a third of it": result("tbtools, a third of it", 0.04),
            "checksum": result("checksum", 0.09),
        },
        workloads.SECOND_LOOK: {
            "runs": result("runs", 0.9, 0.8, 1.5),
            "runs, without the index": result("runs, without the index", 4.0),
            "one file of scalars": result("one file of scalars", 0.075),
        },
        workloads.REPORTS: {
            "runs": result("runs", 7.0),
            "long runs": result("long runs", 5.5, mebibytes=500),
        },
        workloads.START_UP: {
            "tbtools --help": result("tbtools --help", 9.0, cpu=0.1),
            "tbtools summarize": result("tbtools summarize", 9.0, cpu=0.36),
        },
    }


def test_targets_by_wall_time() -> None:
    judged = judge(results(), busy=False)
    assert [(target.measured, target.met) for target in judged] == [
        *[("400 x", True), ("20 x", True), ("5 x", True), ("3.2 x", False), ("4 x", True)] * 2,
        *[("1.25 x", False), ("30 x", True), ("2 x", True)],
        *[("1.11 x", True), ("1.01 x", True)],
        *[("4 s", True), ("105 MB", True), ("0.9 s", True), ("1.5 x", False)],
        *[("7 s", True), ("5.5 s", True), ("524 MB", False)],
        *[("0.1 s", True), ("0.36 s", False)],
    ]


def test_a_target_is_missed_by_a_little() -> None:
    assert judge(results(tbparse=99.9), busy=False)[0].met is False


def test_a_busy_machine_is_judged_by_cpu_time() -> None:
    judged = judge(results(), busy=True)
    assert (judged[0].measured, judged[0].met) == ("2 x", False)  # 1 s to 0.5 s


def test_growth_is_that_of_the_rounds_of_which_others_took_least() -> None:
    """Differences of differences: what a neighbour took of some rounds must not be the answer."""
    measured = results()
    for runs, noise in ((250, 0.2), (500, 0.0), (1000, 0.3)):
        rounds = tuple(
            Measurement(1.0, 0.3 + runs / 500 + extra, 0, 5) for extra in (noise, 0, noise)
        )
        measured[workloads.LINEARITY][str(runs)] = Result(Reader(str(runs), ("true",)), rounds, "")
    [growth] = [target for target in judge(measured, busy=False) if "as many more" in target.wanted]
    assert (growth.measured, growth.met) == ("2 x", True)


def test_a_reader_that_failed_leaves_its_target_open() -> None:
    first, second = judge(results(failing=True), busy=False)[:2]
    assert (first.measured, first.met) == ("", None)
    assert second.met


def test_tables_escape_bars() -> None:
    table = document.markdown_table(["a", "b"], [["x|y", "1"]])
    assert table.splitlines() == ["| a | b |", "| --- | ---: |", r"| x\|y | 1 |"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00123, "0.001 s"), (0.25, "0.250 s"), (2.468, "2.47 s"), (412.3, "412 s")],
)
def test_seconds(value: float, text: str) -> None:
    assert document.seconds(value) == text


def test_the_page_shows_everything(capsys: pytest.CaptureFixture[str]) -> None:
    workload = workloads.Workload(workloads.RUNS, "Many runs", "What is read.", (), ())
    shown = {
        "tbtools": result("tbtools", 0.3, 0.2, 0.25),
        "tbparse": result("tbparse", 50.0, mebibytes=2000),
        "other": result("other"),
    }
    page = document.performance_page(
        "A processor",
        "2026-01-02",
        "**The machine was busy**",
        [(workload, shown, 106.25)],
        judge(results(), busy=True),
        {"`read_scalars`": [("waiting for the scan", 0.75), ("numpy.take", 0.2)]},
        {"one series": (237.6, 728), "twenty tags": (None, 707)},
    )
    assert "\n2026-01-02, A processor.\n\n**The machine was busy**\n\n## Targets\n" in page
    assert "## Many runs\n\nWhat is read. 106.2 MB.\n\n| reader | time |" in page
    assert "| tbtools | 0.250 s | 1 x | 1 s | 1 x | 100 MiB | 5 | 3 |" in page
    assert "| tbparse | 50 s | 200 x | 1 s | 1 x | 2,000 MiB | 5 | 1 |" in page
    assert "| other | fails: ValueError: broken |  |  |  |  |  |  |" in page
    assert "| one series | 238 | 728 |\n| twenty tags | not measured | 707 |\n" in page
    assert "- `read_scalars`: waiting for the scan 75%, numpy.take 20%.\n" in page
    assert all(len(line) <= 100 or line.startswith("|") for line in page.splitlines())
    assert capsys.readouterr().out == ""


def test_what_is_not_met_is_explained_and_nothing_else() -> None:
    wanted = "at most 3 x that for the scan alone, on one core"
    missed = Target("one file, one series", wanted, "4 x", False)
    again = Target("one file, twenty tags", wanted, "4 x", False)
    other = Target("other", "at most 1 s", "2 s", False)
    [_, told] = document.targets_section([missed, again, other]).split("\nWhy not:\n\n")
    assert told.startswith("- one file, one series; one file, twenty tags: reading the bytes")
    assert told.count("- ") == 1
    assert "Why not" not in document.targets_section([replace(missed, met=True), other])


def test_only_what_is_judged_is_explained() -> None:
    judged = {(target.work, target.wanted) for target in judge(results(), busy=False)}
    of_analyses = {work for work, _ in set(WHY) - judged}  # of which `benchmarks.analysis` judges
    assert of_analyses == {
        "merging tiny records",
        "`tbtools inspect --events` of a million events",
    }


def test_the_median_of_no_rounds_is_no_number() -> None:
    assert math.isnan(result("none").median("seconds"))
