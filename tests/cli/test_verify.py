"""`tbtools verify`: exit status 0 sound, 1 damaged, 2 trouble."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import call, unprivileged
from tests.golden import assert_golden

if TYPE_CHECKING:
    from pathlib import Path


def sound() -> EventFileBuilder:
    return EventFileBuilder().file_version().scalars("loss", [(1, 0.5), (2, 0.25)])


FILES = {
    "sound": sound().bytes(),
    "header_only": EventFileBuilder().file_version().bytes(),
    "empty": b"",
    "truncated": sound().truncate(3).bytes(),
    "bad_data": sound().corrupt_data_crc().scalar("loss", 3, 0.125).bytes(),
    "bad_length": sound().corrupt_length().scalar("loss", 3, 0.125).bytes(),
    "undecodable": sound().raw_record(b"\xff\xff\xff").bytes(),
    "not_an_event_file": b"What a fine day for a file of plain text, it is rather long.",
}
STATUS = {
    "sound": "sound",
    "header_only": "sound",
    "empty": "empty",
    "truncated": "truncated",
    "bad_data": "damaged",
    "bad_length": "damaged",
    "undecodable": "damaged",
    "not_an_event_file": "not_an_event_file",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One run a kind of file, below a folder `logs` in the working directory."""
    for name, content in FILES.items():
        path = tmp_path / "logs" / name / "events.out.tfevents.1"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verification(*paths: str) -> Any:
    return json.loads(call("verify", *paths, "--format", "json").out)


@pytest.mark.parametrize("name", FILES)
def test_exit_status_and_status_of_one_file(name: str, files: Path) -> None:
    path = f"logs/{name}/events.out.tfevents.1"
    result = call("verify", path, "--format", "json")
    (file,) = json.loads(result.out)["files"]
    assert file["status"] == STATUS[name]
    assert file["bytes"] == (files / path).stat().st_size
    expected = {"sound": 0, "empty": 0, "not_an_event_file": 2}
    assert result.status == expected.get(STATUS[name], 1)
    assert ("tbtools: " in result.err) == (result.status == 2)


def test_table(files: Path, scan_implementation: str) -> None:
    result = call("verify", "logs")
    assert (result.status, result.err) == (1, "")
    assert_golden("cli/verify.txt", result.out)
    assert_golden("cli/verify_all.txt", call("verify", "logs", "--all").out)


def test_several_paths(files: Path) -> None:
    told = verification("logs/sound", "logs/empty/events.out.tfevents.1", "logs/bad_data")
    assert [each["status"] for each in told["files"]] == ["damaged", "empty", "sound"]
    assert call("verify", "logs/sound", "logs/header_only").status == 0
    missing = call("verify", "logs/sound", "logs/nowhere")
    assert missing.status == 2
    assert missing.out.endswith(": 1 sound, 1 unreadable\n")
    assert missing.err == "tbtools: logs/nowhere: No such file or directory\n"


def test_json_keys_are_those_that_were_promised(files: Path) -> None:
    told = verification("logs")
    assert told.keys() == {"files"}
    for file in told["files"]:
        assert {"file", "records", "bytes", "status", "problems"} <= file.keys()
        for problem in file["problems"]:
            assert {"offset", "length", "kind", "message"} <= problem.keys()
    by_name = {file["file"].split("/")[1]: file for file in told["files"]}
    kinds = {name: [each["kind"] for each in file["problems"]] for name, file in by_name.items()}
    assert kinds == {
        **{name: [name] for name in FILES},
        "sound": [],
        "header_only": [],
        "empty": [],
    }
    assert by_name["bad_data"]["problems"][0]["offset"] == sound().offsets[-1]
    assert by_name["bad_data"]["records"] == 3  # of four: file_version, 1, (2), 3


def test_csv_has_a_row_a_problem_and_one_a_sound_file(files: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(call("verify", "logs", "--format", "csv").out)))
    assert [row["status"] for row in rows] == [STATUS[name] for name in sorted(FILES)]
    told = {row["file"]: row for row in rows}
    for file in verification("logs")["files"]:
        for problem in file["problems"]:
            row = told[file["file"]]
            assert {name: str(value) for name, value in problem.items()} == {
                name: row[name] for name in problem
            }


def test_what_cannot_be_read_is_trouble(files: Path) -> None:
    (files / "logs" / "sound").chmod(0)
    with unprivileged(files):
        result = call("verify", "logs")
    (files / "logs" / "sound").chmod(0o755)
    assert (result.status, result.err) == (2, "")
    assert "logs/sound: Permission denied\n" in result.out


def test_strict_reports_what_protobuf_refuses(tmp_path: Path) -> None:
    # A Summary whose second field 1 is cut short; and a writer's name that is no UTF-8.
    event = Event(wall_time=1.0, step=1)
    event.summary.value.add(tag="loss").metadata.plugin_data.plugin_name = "ab"
    nested = event.SerializeToString().replace(b"ab", b"\xff\xfe")
    path = tmp_path / "events.out.tfevents.1"
    builder = sound().raw_record(nested).scalar("loss", 3, 0.125)
    builder.write(path)
    with pytest.raises(DecodeError):
        Event.FromString(nested)
    assert call("verify", str(path)).status == 0
    result = call("verify", str(path), "--strict", "--format", "json")
    assert result.status == 1
    (file,) = json.loads(result.out)["files"]
    assert (file["status"], file["records"]) == ("damaged", 5)
    (problem,) = file["problems"]
    assert (problem["kind"], problem["offset"]) == ("undecodable", builder.offsets[3])
    told = tbtools.verify(tmp_path, strict=True)
    assert [each.to_dict() for each in told.files[0].problems] == [problem]
    sound().write(path)
    assert call("verify", str(path), "--strict").out.endswith(": 1 sound; every event decoded\n")


@pytest.mark.parametrize("name", FILES)
def test_strict_finds_all_that_is_found_without(name: str, files: Path) -> None:
    told = [tbtools.verify(f"logs/{name}", strict=strict).files for strict in (True, False)]
    assert told[0] == told[1]


def test_many_problems_are_all_listed(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step in range(50):
        builder.scalar("loss", step, 0.5).corrupt_data_crc().scalar("loss", step, 0.5)
    builder.write(tmp_path / "events.out.tfevents.1")
    assert call("verify", os.fspath(tmp_path)).out.count("bad_data at byte ") == 50
    shown = call("summarize", os.fspath(tmp_path)).err
    assert shown.count("bad_data at byte ") == 20
    assert shown.endswith("and 30 more problems: `tbtools verify` lists them\n")


@pytest.mark.corpus
def test_corpus(corpus: Path) -> None:
    result = call("verify", os.fspath(corpus))
    assert result.status == 1
    assert result.out.endswith(": 257 sound, 8 not an event file\n")
    assert result.out.count("plain text, not an event file\n") == 8
