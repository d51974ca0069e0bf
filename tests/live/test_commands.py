"""Commands of alarms: what strangers call their runs is never more than an argument."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.errors import InvalidArgument
from tbtools.live.alarms import alarm_of
from tbtools.live.commands import Command
from tbtools.live.delivery import Failure
from tbtools.live.events import Event
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.live.alarms import Alarm

HOSTILE = "$(touch gone); 'x' \"y\" `z` \x1b]0;t\x07"


def alarm_about(
    folder: Path, run: str = "a", *, job: object = None, name: str = "events.out.tfevents.1.n7.42.0"
) -> Alarm:
    builder = EventFileBuilder().scalars("loss", [(step, float("nan")) for step in range(3)])
    if job is not None:
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        start = plugin_data_pb2.SessionStartInfo()
        kind = "string_value" if isinstance(job, str) else "number_value"
        setattr(start.hparams["slurm_job_id"], kind, job)
        content = plugin_data_pb2.HParamsPluginData(version=0, session_start_info=start)
        builder.value(
            metadata.SESSION_START_INFO_TAG, 0, wall_time=1.0, plugin=metadata.PLUGIN_NAME,
            content=content.SerializeToString(),
        )  # fmt: skip
    builder.write(folder / run / name)
    [finding] = tbtools.detect(folder).of("nonfinite")
    event = Event("finding", 5.0, finding.run, finding.message, "training", finding)
    return alarm_of("nonfinite", event, tbtools.load(folder)[finding.run], str(folder))


def test_the_alarm_is_in_the_environment_and_on_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    script = (
        "import json, os, sys; mine = {k: v for k, v in os.environ.items() if 'ALARM' in k}; "
        f"json.dump([mine, json.load(sys.stdin)], open({str(out)!r}, 'w'))"
    )
    alarm = alarm_about(tmp_path / "logs", HOSTILE)
    Command.parse(f'{sys.executable} -c "{script}"').deliver(alarm)
    environment, told = json.loads(out.read_text())
    assert environment["TBTOOLS_ALARM_RUN"] == HOSTILE
    assert environment["TBTOOLS_ALARM_KIND"] == "nonfinite"
    assert environment["TBTOOLS_ALARM_STEP"] == "0"
    assert (environment["TBTOOLS_ALARM_HOST"], environment["TBTOOLS_ALARM_PID"]) == ("n7", "42")
    assert (told["run"], told["condition"], told["path"]) == (
        HOSTILE, "nonfinite", str(tmp_path / "logs" / HOSTILE),
    )  # fmt: skip
    assert told["finding"]["kind"] == "nonfinite"


def test_a_name_is_one_argument_whatever_is_in_it(tmp_path: Path) -> None:
    filled = Command.parse("printf '%s\n' {run} x{tag}y {step}").filled(
        alarm_about(tmp_path, HOSTILE)
    )
    assert filled == ["printf", "%s\n", HOSTILE, "xlossy", "0"]


def test_a_name_is_no_option(tmp_path: Path) -> None:
    alarm = alarm_about(tmp_path, "-rf")
    with pytest.raises(Failure, match="no argument"):
        Command.parse("rm {run}").filled(alarm)
    assert Command.parse("rm --run={run} -{step}").filled(alarm) == ["rm", "--run=-rf", "-0"]


@pytest.mark.parametrize(
    "text",
    ["sh -c 'echo {run}'", "/bin/bash -c {path}", "ssh host rm {tag}", "nohup env sh -c {message}",
     "python -c 'print({run})'", "echo {runs}", "echo 'x", "", "echo {}{nonsense}",
     "no-such-program {step}", "env cmd.exe /c {run}", "env 'C:\\bin\\PowerShell.exe' {tag}",
     "env tell.bat {path}"],
)  # fmt: skip
def test_what_would_be_a_program_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Command.parse(text)


@pytest.mark.parametrize(
    ("job", "told"), [(123456.0, "123456"), ("123_4", "123_4"), ("$(rm)", None), ("-u x", None),
                      (None, None)],
)  # fmt: skip
def test_the_job_is_what_the_run_says_if_it_can_do_no_harm(
    tmp_path: Path, job: object, told: str | None
) -> None:
    command = Command.parse("env ssh login scancel {job}")
    alarm = alarm_about(tmp_path, job=job)
    if told is not None:
        assert command.filled(alarm)[-1] == told
    else:
        with pytest.raises(Failure, match="slurm_job_id"):
            command.filled(alarm)


def test_the_process_is_known_where_the_name_of_the_file_says_it(tmp_path: Path) -> None:
    alarm = alarm_about(tmp_path, name="events.out.tfevents.1700000000.a.b-c")
    assert {"host", "pid"}.isdisjoint(alarm.values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{tag}", "cannot be run: No such file"),
        ("sh -c 'echo oh no >&2; exit 3'", "status 3: oh no"),
    ],
)
def test_a_command_that_fails_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        Command.parse(text).deliver(alarm_about(tmp_path))


def test_a_null_byte_is_in_no_argument(tmp_path: Path) -> None:
    alarm = alarm_about(tmp_path)
    alarm = replace(alarm, values=alarm.values | {"tag": "a\0b"})
    with pytest.raises(Failure):
        Command.parse("echo {tag}").deliver(alarm)
    Command.parse("true").deliver(alarm)
