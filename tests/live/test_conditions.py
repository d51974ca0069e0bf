"""What `--on` and `--until` take."""

from __future__ import annotations

import pytest

from tbtools.errors import InvalidArgument
from tbtools.live.conditions import parse_condition, split_action
from tbtools.vocabulary import FINDING_KINDS


@pytest.mark.parametrize(
    ("text", "condition", "command"),
    [
        ("divergence=true", "divergence", "true"),
        ("nonfinite, stall=scancel {job}", "nonfinite, stall", "scancel {job}"),
        ("finding=a=b", "finding", "a=b"),
        ("finished", "finished", None),
        ("val/loss<1.8=touch done", "val/loss<1.8", "touch done"),
        ("lr>=1e-3=x --y=1", "lr>=1e-3", "x --y=1"),
        ("status==stopped=x", "status==stopped", "x"),
        ("status=stopped=x", "status=stopped", "x"),
        ("run!=a and loss<2=x", "run!=a and loss<2", "x"),
        ("loss<=2", "loss<=2", None),
        ("'a=b'<2=x", "'a=b'<2", "x"),
    ],
)  # fmt: skip
def test_an_action_is_a_condition_and_a_command(
    text: str, condition: str, command: str | None
) -> None:
    found = split_action(text)
    assert (found[0].text, found[1]) == (condition, command)


@pytest.mark.parametrize(
    ("text", "kinds", "early", "finished"),
    [("finding", FINDING_KINDS, (), False), ("finished", (), (), True),
     ("stall,finished", ("stall",), (), True), ("spike", ("spike",), (), False),
     ("divergence?,stall", ("divergence", "stall"), ("divergence",), False),
     ("finding?", FINDING_KINDS, FINDING_KINDS, False)],
)  # fmt: skip
def test_words(text: str, kinds: tuple[str, ...], early: tuple[str, ...], finished: bool) -> None:
    found = parse_condition(text)
    assert (found.kinds, found.early) == (kinds, early)
    assert (found.finished, found.where) == (finished, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "divergance",
        "divergence;stall",
        "loss<",
        "loss<1=",
        "divergence= ",
        "a b",
        "finished?",
        "?",
        "stall??",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        split_action(text)
