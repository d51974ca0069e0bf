"""Options that mean the same in every command."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click
import pytest

from tbtools.cli import main as cli
from tbtools.cli.outputs import Output
from tbtools.cli.parameters import StepRange
from tests.commands import call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SELECTION = {"--run", "--exclude-run", "--tag", "--exclude-tag", "--steps", "--where", "--restarts"}
OUTPUT = {"--format", "--output", "--force"}


def _commands() -> dict[str, click.Command]:
    context = click.Context(cli.cli)
    return {name: cli.cli.get_command(context, name) for name in cli._COMMANDS}  # type: ignore[misc]


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_options_mean_the_same_in_every_command(name: str) -> None:
    command = _commands()[name]
    named = {opt: each for each in command.params for opt in each.opts}
    if "--format" in named and name != "watch":  # whose lines go to standard output alone
        # What these write is no result of ours, but records of others: it is never replaced.
        assert (
            OUTPUT - {"--force"} if name in ("repair", "edit", "compact") else OUTPUT
        ) <= named.keys()
    if SELECTION & named.keys():
        assert not SELECTION - named.keys()
    for each in command.params:
        if isinstance(each, click.Option):
            assert each.help, f"{each.opts} says nothing of itself"
            assert each.help.endswith((".", "]"))  # a sentence, or the default behind it


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("aggregate logs --group hparam:lr -o out", "4 runs in 2 groups, 2 tags, 12 points"),
        ("best logs --group hparam:lr --by loss", "2 groups ranked by loss"),
        ("diff logs --group hparam:lr", "1 pair of runs, 2 tags, 12 points and 12 points"),
        ("figure logs --group hparam:lr -o out.svg", "2 charts, 4 lines of 4 runs"),
        ("plot logs --group hparam:lr --tag *", "2 groups of 4 runs, 2 tags, 4 series, 12 points"),
        ("report logs --group hparam:lr -o out.html", "4 runs, 24 points in 8 series"),
    ],
)
def test_what_add_hparams_wrote_is_of_its_run_in_every_group(
    command: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorboardx = pytest.importorskip("tensorboardX")
    if command.startswith("figure"):
        pytest.importorskip("matplotlib", reason="the extra figure is not installed")
    monkeypatch.chdir(tmp_path)
    for rate in (0.1, 0.01):
        for seed in (1, 2):
            writer = tensorboardx.SummaryWriter(f"logs/{rate}_{seed}")
            for step in range(5):
                writer.add_scalar("loss", rate + seed, step)
            writer.add_hparams({"lr": rate}, {"hparam/loss": rate})  # into a folder of its own
            writer.close()
    result = call(*command.split())
    assert result.status == int(command.startswith("diff")), result.err
    assert told in result.out


@pytest.mark.parametrize(
    ("text", "range_"),
    [("1:9", (1, 9)), ("1:", (1, None)), (":9", (None, 9)), (":", (None, None)), ("7", (7, 7)),
     ("-5:-1", (-5, -1)), ("0:0", (0, 0)), (f"{2**70}:", (2**70, None))],
)  # fmt: skip
def test_step_range(text: str, range_: tuple[int | None, int | None]) -> None:
    assert StepRange().convert(text, None, None) == range_


@pytest.mark.parametrize("text", ["", "a", "1:b", "1.5:", "9:1", "1:2:3", "nan:"])
def test_no_step_range(text: str) -> None:
    with pytest.raises(click.BadParameter):
        StepRange().convert(text, None, None)


class _View:
    def to_json(self) -> object:
        return {}

    def to_csv(self) -> Sequence[Sequence[object]]:
        return [["a"]]

    def show(self, console: object) -> None:
        raise BrokenPipeError


def test_a_broken_pipe_is_the_end_of_writing_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # as in a notebook: no file behind it
    Output("table", None, force=False).write(_View())


def test_output_to_a_stream_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="standard output"):
        Output("json", "-", force=False).write(_View())
