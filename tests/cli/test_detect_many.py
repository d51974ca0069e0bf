"""`tbtools detect` of many runs: what they have in common, what is shown, and SARIF."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import EventFileBuilder
from tests.commands import Screen, call, plain
from tests.sweeps import write_run


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 runs: learning rates above 0.01 diverge, from step 60, 61, ... on; the seed is noise."""
    logs = tmp_path_factory.mktemp("sweep")
    for number in range(24):
        rate = [0.001, 0.003, 0.01, 0.03][number % 4]
        settings = {"lr": rate, "seed": float(number * 7 % 24), "model": "cnn"}
        fails = rate > 0.01
        write_run(logs / f"run{number:02}", settings, fails=fails, jump=60 + number // 4)
    return logs


def test_one_line_for_the_same_finding_in_siblings(sweep: Path) -> None:
    lines = call("detect", os.fspath(sweep)).out.splitlines()
    assert lines[0] == (
        "  error   divergence    train/loss  in 6 of 24 runs, since steps 60 to 65: "
        "run03, run07, run11 and 3 more; 3 min 39 s since then in all"
    )
    assert lines[1].startswith(
        "  lr > 0.01: 6 of 6 runs have errors, of the others 0 of 18 (p = 0.0005"
    )
    assert lines[2].startswith("  nearest run without an error: ")
    assert len(lines) == 4
    assert lines[3].endswith("; 24 series judged, 6 runs with 6 errors (divergence)")


def test_json_has_every_finding_and_groups_beside(sweep: Path) -> None:
    shown = json.loads(call("detect", os.fspath(sweep), "--format", "json").out)
    failing = [f"run{number:02}" for number in range(3, 24, 4)]
    assert [each["run"] for each in shown["findings"]] == failing
    [group] = shown["groups"]
    assert group == {
        "kind": "divergence", "severity": "error", "tag": "train/loss", "runs": failing,
        "out_of": 24, "first_onset_step": 60, "last_onset_step": 65,
        "seconds": 39 + 38 + 37 + 36 + 35 + 34, "checkpoints": 0,
    }  # fmt: skip
    failures = shown["failures"]
    assert (failures["failed"], failures["healthy"]) == (6, 18)
    [split] = failures["hparams"]
    assert (split["name"], split["relation"], split["value"]) == ("lr", ">", 0.01)
    assert (split["failed_inside"], split["inside"]) == (6, 6)
    assert (split["failed_outside"], split["outside"]) == (0, 18)
    nearest = failures["nearest"]
    assert set(nearest["differences"]) == {"lr", "seed"}  # every run has a seed of its own


def test_what_it_cost_and_where_to_go_on_is_told_of_all(tmp_path: Path) -> None:
    for number in range(5):
        folder = tmp_path / f"run{number}"
        write_run(folder, {}, fails=True, seconds=360)
        if number < 3:
            (folder / "checkpoint-50").mkdir()
        (folder / "checkpoint-90").mkdir()  # after the jump
    [line, _] = call("detect", os.fspath(tmp_path)).out.splitlines()
    assert line.endswith("; 19 h 30 min since then in all; 3 with a checkpoint from before")


def test_values_that_tell_failing_runs_are_short_unless_they_would_look_alike(
    tmp_path: Path,
) -> None:
    for number in range(24):
        rate = (1 + number) / 700 if number != 23 else 23.0001 / 700
        write_run(tmp_path / f"run{number:02}", {"lr": rate}, fails=number > 18)
    lines = call("detect", os.fspath(tmp_path)).out.splitlines()
    assert lines[1].startswith("  lr > 0.027143: 5 of 5 runs have errors, of the others 0 of 19")
    assert lines[2].endswith(" differs in lr (0.028571 and 0.027143)")


def _on_a_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    return plain(call("detect", ".", out=Screen()).out).splitlines()


@pytest.mark.parametrize("width", [50, 80])
def test_lines_that_are_broken_stand_under_their_beginning(
    sweep: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sweep)
    lines = _on_a_terminal(width, monkeypatch)
    assert lines[0] == "  error   divergence    train/loss"
    assert lines[1].startswith(" " * 10 + "in 6 of 24 runs, since steps 60 to 65:")
    rate = next(at for at, line in enumerate(lines) if line.startswith("  lr > 0.01:"))
    assert all(line.startswith(" " * 10) for line in lines[1:rate])
    total = next(at for at, line in enumerate(lines) if line.startswith(".: "))
    assert all(line.startswith("  ") for line in lines[rate:total])
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)


def test_a_second_line_of_totals_is_broken_by_its_own_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = EventFileBuilder()
    for tag in ("train/loss", "a_counter_of_something", "another_counter_of_it"):
        builder.scalars(tag, [(step, 1 / (1 + step)) for step in range(30)])
    builder.write(tmp_path / "events.out.tfevents.1")
    monkeypatch.chdir(tmp_path)
    lines = _on_a_terminal(80, monkeypatch)
    at = next(n for n, line in enumerate(lines) if line.startswith("not judged for"))
    assert lines[at] == (
        "not judged for divergence, plateaus and overfitting: 2 series without a known"
    )


@pytest.mark.parametrize(
    ("options", "findings", "hidden"),
    [
        (("--kind", "plateau"), 0, 6),
        (("--kind", "divergence,plateau"), 6, 0),
        (("--severity", "error"), 6, 0),
    ],
)
def test_what_is_not_shown_is_counted_and_judged_all_the_same(
    sweep: Path, options: tuple[str, ...], findings: int, hidden: int
) -> None:
    result = call("detect", os.fspath(sweep), *options)
    assert result.status == 1
    assert (f"(and {hidden} findings not asked for)" in result.out) == bool(hidden)
    shown = json.loads(call("detect", os.fspath(sweep), *options, "--format", "json").out)
    assert len(shown["findings"]) == findings


def test_limit_says_what_it_leaves_out_and_is_for_tables(tmp_path: Path) -> None:
    for run in "abc":
        write_run(tmp_path / run, {}, fails=True)
    lines = call("detect", os.fspath(tmp_path), "--limit", "1").out.splitlines()
    assert [line[:9] for line in lines[:2]] == ["a", "  error  "]
    assert lines[2] == "2 more lines of findings: --limit 0 shows all"
    assert len(call("detect", os.fspath(tmp_path), "--limit", "0").out.splitlines()) == 7
    refused = call("detect", os.fspath(tmp_path), "--limit", "1", "--format", "json")
    assert refused.status == 2
    assert "--limit has no effect but on a table" in refused.err


def test_tags_that_go_wrong_together_are_one_line(tmp_path: Path) -> None:
    for run in range(5):
        builder = EventFileBuilder()
        for tag in ("loss/a", "loss/b", "loss/c"):
            builder.scalars(tag, [(step, float("nan")) for step in range(30)])
        builder.write(tmp_path / str(run) / "events.out.tfevents.1")
    lines = call("detect", os.fspath(tmp_path)).out.splitlines()
    assert lines[0].startswith("  error   nonfinite     loss/a and 2 tags  in 5 of 5 runs")
    assert lines[1].endswith("5 runs with 15 errors (nonfinite)")


def objects(required: str, **properties: object) -> dict[str, object]:
    """The schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def arrays(items: object, **more: object) -> dict[str, object]:
    return {"type": "array", "items": items, **more}


SPECIFICATION = "https://docs.oasis-open.org/sarif/sarif/v2.1.0"
TEXT = {"type": "string"}
MESSAGE = objects("text", text={**TEXT, "minLength": 1})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
LOCATIONS = arrays(
    objects(
        "",
        # In RFC 3986 no other characters stand in a reference.
        physicalLocation=objects(
            "",
            artifactLocation=objects(
                "", uri={**TEXT, "pattern": r"^([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+$"}
            ),
        ),
        logicalLocations=arrays(
            objects("", name=TEXT, fullyQualifiedName=TEXT, kind=TEXT), uniqueItems=True
        ),
    )
)
# Of sections 3.13 to 3.58 of the specification what the log of findings uses.
SARIF = objects(
    "version runs",
    **{"$schema": {"const": f"{SPECIFICATION}/errata01/os/schemas/sarif-schema-2.1.0.json"}},
    version={"const": "2.1.0"},
    runs=arrays(
        objects(
            "tool",
            tool=objects(
                "driver",
                driver=objects(
                    "name",
                    name=TEXT,
                    version=TEXT,
                    rules=arrays(
                        objects("id", id=TEXT, shortDescription=MESSAGE), uniqueItems=True
                    ),
                ),
            ),
            invocations=arrays(
                objects(
                    "executionSuccessful",
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications=arrays(
                        objects("message", level=LEVEL, message=MESSAGE, locations=LOCATIONS)
                    ),
                )
            ),
            results=arrays(
                objects(
                    "message",
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": -1},
                    level=LEVEL,
                    message=MESSAGE,
                    locations=LOCATIONS,
                    partialFingerprints={"type": "object", "additionalProperties": TEXT},
                    properties={"type": "object"},
                )
            ),
        )
    ),
)


@pytest.mark.parametrize("logs", ["sweep", "examples", "hostile", "nothing"])
def test_sarif_is_as_the_specification_has_it(logs: str, sweep: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    points = [(step, float("nan")) for step in range(30)]
    hostile = tmp_path / "hostile" / "a b%[x](http://e) \udcff{0}\n\x1b[31m"
    EventFileBuilder().scalars("[loss](1){0}", points).write(hostile / "events.out.tfevents.1")
    sound = [(step, 1 / (step + 1)) for step in range(5)]
    EventFileBuilder().scalars("loss", sound).write(tmp_path / "nothing" / "events.out.tfevents.1")
    examples = Path(__file__).parents[2] / "examples" / "logs"
    path = {"sweep": sweep, "examples": examples}.get(logs, tmp_path / logs)
    done = call("detect", os.fspath(path), f"{path}-nowhere", "--format", "sarif")
    log = json.loads(done.out)
    jsonschema.Draft7Validator(SARIF).validate(log)
    assert bool(log["runs"][0]["results"]) == (logs != "nothing")


def test_sarif_has_what_its_schema_requires(sweep: Path, tmp_path: Path) -> None:
    file = tmp_path / "findings.sarif"
    missing = f"{sweep}-nowhere"
    assert call("detect", os.fspath(sweep), missing, "-o", os.fspath(file)).status == 2
    log = json.loads(file.read_text())
    # Required by sarif-schema-2.1.0.json: version, runs; tool; driver; name; message; text.
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "tbtools"
    assert [rule["id"] for rule in driver["rules"]] == ["divergence"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert missing in notification["message"]["text"]
    assert len(run["results"]) == 6
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
        assert result["message"]["text"]
        [location] = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.endswith("/events.out.tfevents.1")


def test_sarif_of_hostile_names_is_no_link_and_a_valid_uri(tmp_path: Path) -> None:
    points = [(step, float("nan")) for step in range(30)]
    folder = tmp_path / "a b%[x](http://e) \udcff"
    EventFileBuilder().scalars("[loss](1){0}", points).write(folder / "events.out.tfevents.1")
    text = call("detect", os.fspath(tmp_path), "--format", "sarif").out
    [result] = json.loads(text)["runs"][0]["results"]
    assert r"\[loss\](1){{0}}" in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert "a%20b%25%5Bx%5D" in uri
    assert uri.isascii()
