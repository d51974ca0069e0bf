"""Choosing runs and tags by names and globs."""

from __future__ import annotations

import pytest

from tbtools.errors import InvalidArgument, TbtoolsError, UnknownRun, UnknownTag, close_names
from tbtools.runs.selection import select_runs, select_tags

TAGS = ["loss/train", "loss/val", "accuracy", "loss[0]", "loss0", "Loss/train"]


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (None, TAGS),
        ("accuracy", ["accuracy"]),
        ("loss/*", ["loss/train", "loss/val"]),
        ("loss*", ["loss/train", "loss/val", "loss[0]", "loss0"]),
        ("*train", ["loss/train", "Loss/train"]),
        ("loss/?al", ["loss/val"]),
        ("[lL]oss/train", ["loss/train", "Loss/train"]),
        ("[!l]oss/train", ["Loss/train"]),
        (["accuracy", "loss/val"], ["loss/val", "accuracy"]),
        (("accuracy", "accuracy", "acc*"), ["accuracy"]),
    ],
)
def test_tags_are_named_or_matched_in_their_own_order(
    globs: str | list[str] | None, expected: list[str]
) -> None:
    assert select_tags(TAGS, globs) == expected


def test_a_name_that_looks_like_a_glob_means_itself() -> None:
    assert select_tags(TAGS, "loss[0]") == ["loss[0]"]
    assert select_tags(TAGS, "loss[01]") == ["loss0"]
    assert select_tags(["a*b", "aXb"], ["a*b"]) == ["a*b"]


def test_globs_are_case_sensitive_and_no_regular_expressions() -> None:
    assert select_tags(["a.b", "aXb", "A.b"], "a.*") == ["a.b"]


def test_an_unknown_name_is_told_with_those_that_come_close() -> None:
    with pytest.raises(UnknownTag, match=r"^no tag 'loss/trian'; close: 'loss/train'") as caught:
        select_tags(TAGS, ["accuracy", "loss/trian"])
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, TbtoolsError)
    assert caught.value.name == "loss/trian"
    assert caught.value.close_matches[0] == "loss/train"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("loss", ["eval loss", "loss_scale", "Loss/val"]),
        ("lr", ["learning_rate"]),
        ("rate/learning", ["learning_rate"]),
        ("", []),
        ("/", []),
        ("ls", ["loss_scale"]),
    ],
)
def test_names_come_close_by_their_words_and_initials(name: str, meant: list[str]) -> None:
    known = ["loss_scale", "Loss/val", "eval loss", "learning_rate", "floss", "accuracy"]
    assert close_names(name, known) == meant


def test_a_glob_that_matches_nothing_is_refused() -> None:
    with pytest.raises(UnknownTag, match=r"^no tag 'los/\*'; close: 'loss/val'"):
        select_tags(TAGS, ["accuracy", "los/*"])


def test_excluded_names_are_left_out() -> None:
    assert select_tags(TAGS, "loss*", "*[0]") == ["loss/train", "loss/val", "loss[0]"]
    assert select_tags(TAGS, None, ["*oss*"]) == ["accuracy"]
    with pytest.raises(UnknownTag, match="no tag 'acuracy'; close: 'accuracy'"):
        select_tags(TAGS, None, "acuracy")
    with pytest.raises(InvalidArgument, match="no tag is left"):
        select_tags(TAGS, "accuracy", "acc*")


def test_an_unknown_run_is_called_a_run() -> None:
    with pytest.raises(UnknownRun, match=r"^no run 'seed_3'; close: 'seed_2', 'seed_1'$"):
        select_runs(["seed_1", "seed_2"], "seed_3")
    with pytest.raises(UnknownRun, match=r"^no run 'x'$"):
        select_runs([], "x")
