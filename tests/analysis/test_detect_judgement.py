"""The judgement of runs: one for `detect`, `summarize` and the report, with what it leaves out."""

from __future__ import annotations

import contextlib
import gc
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.analysis import summary as summary_module
from tbtools.analysis.judgement import judge
from tbtools.analysis.summary import summarize
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.render.report.data import page_data
from tbtools.runs.loading import load
from tbtools.runs.selection import Selection
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, call

if TYPE_CHECKING:
    from pathlib import Path

SELECTIONS: list[dict[str, Any]] = [
    {},
    {"tags": ("*loss*",)},
    {"steps": (200, 600)},
    {"tags": ("*loss*",), "steps": (200, None)},
]
CORPUS_FOLDERS = 10


def as_json(x: object) -> Any:
    return json.loads(json.dumps(x, allow_nan=False))


def three_views(logdir: Path, selected: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Findings and what was not judged, as `summarize`, `detect` and the page have them."""
    summed = summarize(load(logdir), **selected)
    assert summed.judged
    runs = summed.to_dict()["runs"]
    detected = tbtools.detect(logdir, **selected).to_dict()
    runs_shown = dict(load(logdir))
    selection = Selection.of(**selected)
    page = page_data(
        runs_shown,
        judge(runs_shown, selection),
        title="",
        root=str(logdir),
        smoothing=0.0,
        selection=selection,
    ).page

    def key(found: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(found[name] for name in ("run", "tag", "kind", "severity", "message"))

    def reason(each: dict[str, Any]) -> tuple[Any, ...]:
        return each["run"], each["tag"] or "", each["reason"]

    return [
        (sorted(map(key, findings)), sorted(map(reason, not_judged)))
        for findings, not_judged in (
            (
                [each for run in runs for each in run["findings"]],
                [each for run in runs for each in run["not_judged"]],
            ),
            (detected["findings"], detected["not_judged"]),
            (
                [each for event in page["findings"] for each in event["findings"]],
                detected["not_judged"],
            ),
        )
    ]


@pytest.mark.parametrize("logs", ["examples/logs", "tests/logs"])
@pytest.mark.parametrize("selected", SELECTIONS)
def test_all_say_the_same(logs: str, selected: dict[str, Any]) -> None:
    first, second, third = three_views(ROOT / logs, selected)
    assert first == second == third
    assert first[0]


@pytest.mark.corpus
def test_all_say_the_same_of_real_runs(corpus: Path) -> None:
    folders = [each for each in sorted(corpus.iterdir()) if each.is_dir()]
    compared = 0
    for folder in folders:
        if compared == CORPUS_FOLDERS:
            break
        if not summarize(load(folder)).judged:
            continue
        first, second, third = three_views(folder, {})
        assert first == second == third, folder.name
        compared += 1
    assert compared == CORPUS_FOLDERS


# -- what a judgement carries


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A sound run, one with a flipped record, one of a histogram, one of which nothing is left."""
    falling = [(step, 1 / (1 + step)) for step in range(50)]
    for name, builder in {
        "sound": EventFileBuilder().file_version().scalars("loss", falling).scalars("lr", falling),
        "flipped": EventFileBuilder()
        .file_version()
        .scalar("loss", 0, 1.0)
        .corrupt_data_crc()
        .scalars("loss", falling),
        "pictures": EventFileBuilder().file_version().histogram("h", 1, [1.0], [2.0]),
        "noise": EventFileBuilder().raw_bytes(b"no event file, though it is long enough"),
    }.items():
        builder.write(tmp_path / name / "events.out.tfevents.1")
    return tmp_path


def reasons(findings: tbtools.Findings) -> set[tuple[str, str | None, str]]:
    return {(each.run, each.tag, each.reason) for each in findings.not_judged}


def test_findings_of_a_path_carry_what_is_damaged_and_what_was_not_judged(logdir: Path) -> None:
    findings = tbtools.detect(str(logdir))
    assert not findings
    assert reasons(findings) == {
        ("sound", "lr", "no known objective"),
        ("pictures", None, "no scalars"),
        ("noise", None, "nothing could be read"),
    }
    assert {each["run"]: each["kind"] for each in findings.problems} == {
        "flipped": "bad_data",
        "noise": "not_an_event_file",
    }


def test_a_run_an_experiment_and_several_paths_carry_the_same(logdir: Path) -> None:
    experiment = load(logdir)
    whole = tbtools.detect(experiment)
    assert whole.to_dict() == tbtools.detect(logdir).to_dict()
    run = tbtools.detect(experiment["flipped"])
    assert [each["kind"] for each in run.problems] == ["bad_data"]
    several = tbtools.detect([logdir / "flipped", logdir / "noise"])
    assert {each["kind"] for each in several.problems} == {"bad_data", "not_an_event_file"}
    assert [each.reason for each in several.not_judged] == ["nothing could be read"]
    by_hand = tbtools.detect([experiment["flipped"], experiment["sound"]])
    assert [each["run"] for each in by_hand.problems] == ["flipped"]


def test_what_was_not_asked_for_is_not_missed(logdir: Path) -> None:
    findings = tbtools.detect(logdir, tags="loss")
    assert reasons(findings) == {("noise", None, "nothing could be read")}
    assert judge(logdir, Selection.of("loss")).series == 2


def test_notes_come_with_the_findings(tmp_path: Path) -> None:
    points = [(step % 20, 1.0) for step in range(40)]
    EventFileBuilder().file_version().scalars("loss", points).write(
        tmp_path / "events.out.tfevents.1"
    )
    (note,) = tbtools.detect(tmp_path).notes
    assert (note["run"], note["kind"], note["tag"], note["count"]) == (
        ".", "steps_go_back", "loss", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("selected", "error"),
    [({"tags": "nosuch*"}, UnknownTag), ({"steps": (10**6, None)}, InvalidArgument)],
)
def test_a_selection_of_nothing_is_refused(
    selected: dict[str, Any], error: type[Exception], logdir: Path
) -> None:
    with pytest.raises(error):
        tbtools.detect(logdir, **selected)
    frame = load(logdir).scalars()
    with pytest.raises(error):
        tbtools.detect(frame, **selected)


def test_a_name_with_wildcards_means_itself(tmp_path: Path) -> None:
    jump = [(step, 1.0 if step < 60 else 9.0) for step in range(100)]
    EventFileBuilder().scalars("loss[0]", jump).scalars("loss0", jump).write(
        tmp_path / "events.out.tfevents.1"
    )
    assert {each.tag for each in tbtools.detect(tmp_path, tags="loss[0]")} == {"loss[0]"}


def test_findings_are_short_on_a_prompt(logdir: Path) -> None:
    assert repr(tbtools.detect(logdir)) == "<Findings: none; 3 not judged>"
    findings = tbtools.detect(ROOT / "tests" / "logs")
    assert repr(findings).startswith("<Findings: ")
    assert len(repr(findings)) < 80
    assert "3 not fully judged (" in tbtools.detect(logdir)._repr_html_()


# -- a summary that leaves judging to detect


def test_too_much_for_a_summary_is_not_called_healthy(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary_module, "_JUDGED_SERIES", 2)
    document = as_json(summarize(logdir).to_dict())
    assert document["judged"] is False
    runs = {run["run"]: run for run in document["runs"]}
    for name in ("sound", "flipped"):
        assert runs[name]["findings"] == []
        (reason,) = runs[name]["not_judged"]
        assert reason["tag"] is None
        assert "`tbtools detect` judges them" in reason["reason"]
    assert [each["reason"] for each in runs["noise"]["not_judged"]] == ["nothing could be read"]
    assert [each["reason"] for each in runs["pictures"]["not_judged"]] == ["no scalars"]


def test_the_health_of_what_was_not_judged(tmp_path: Path) -> None:
    few = [(step, 1.0) for step in range(3)]
    many = [(step, 1 / (1 + step)) for step in range(50)]
    for name, builder in {
        "few": EventFileBuilder().scalars("loss", few),
        "lr": EventFileBuilder().scalars("lr", many),
        "loss": EventFileBuilder().scalars("loss", many).scalars("lr", many),
    }.items():
        builder.write(tmp_path / name / "events.out.tfevents.1")
    assert {run.run: run.is_judged for run in summarize(tmp_path).runs} == {
        "few": False, "lr": False, "loss": True,
    }  # fmt: skip
    shown = call("summarize", str(tmp_path)).out.splitlines()
    health = {line.split()[0]: line.rstrip() for line in shown if line.strip()}
    assert health["few"].endswith("not judged")
    assert health["lr"].endswith("not judged")
    assert health["loss"].endswith("stopped")


def test_trends_show_where_a_finding_began(tmp_path: Path) -> None:
    values = np.where(np.arange(240) < 120, 1.0, 9.0)
    with tbtools.EventFileWriter(tmp_path) as writer:
        for step, value in enumerate(values.tolist()):
            writer.add_scalar("loss", value, step % 40, wall_time=START + step)
    judgement = judge(tmp_path)
    (trend,) = judgement.trends
    assert (len(trend.values), trend.onset) == (24, 12)
    assert trend.values[11:13] == (1.0, 9.0)


def test_too_much_for_a_summary_shows_in_the_health_column(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary_module, "_JUDGED_SERIES", 2)
    shown = call("summarize", str(logdir)).out.splitlines()
    health = {line.split()[0]: line.rstrip() for line in shown if line.strip()}
    assert health["sound"].endswith("not judged")
    assert health["pictures"].endswith("not judged")
    assert not any(line.endswith(("stopped", "finished")) for line in health.values())


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("tags", ["*loss*", "no such tag"])
def test_the_collector_of_cycles_is_left_as_it_was(enabled: bool, tags: str) -> None:
    (gc.enable if enabled else gc.disable)()
    try:
        with contextlib.suppress(UnknownTag):
            tbtools.detect(ROOT / "examples" / "logs", tags=tags)
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
