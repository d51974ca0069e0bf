"""Tables at any width: nothing is cut or hidden without a word."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tbtools.render.output import terminal
from tbtools.render.terminal.cutting import cut_middle, cut_names
from tbtools.render.terminal.lines import shown_name
from tbtools.render.terminal.table import Column, print_table
from tests.commands import Screen


def on_screen(width: int, *columns: Column, sections: list[str] | None = None) -> str:
    file = Screen()
    console = Console(file=file, width=width, color_system=None)
    print_table(console, columns, sections)
    return file.getvalue()


def in_pipe(*columns: Column, sections: list[str] | None = None) -> str:
    file = io.StringIO()
    print_table(terminal(file), columns, sections)
    return file.getvalue()


def test_numbers_are_flush_right_and_text_flush_left() -> None:
    shown = on_screen(
        40, Column("run", ["a", "bcd"]), Column("points", ["1", "1,000"], right=True),
        Column("health", [Text("fine"), Text("ill")]),
    )  # fmt: skip
    assert shown == (
        "run  points  health\n"
        "a         1  fine\n"
        "bcd   1,000  ill\n"
    )  # fmt: skip


def test_columns_give_way_by_rank_and_that_is_said() -> None:
    columns = [
        Column("run", ["a" * 8]),
        Column("least", ["x" * 8], rank=9),
        Column("middle", ["y" * 8], rank=5),
        Column("health", ["z" * 8]),
    ]
    assert "hidden" not in on_screen(40, *columns)
    assert on_screen(30, *columns).endswith("\nhidden in this width: least\n")
    for narrow in (20, 5, 1):
        shown = on_screen(narrow, *columns)
        assert " ".join(shown.split()).endswith(" hidden in this width: least, middle")
        assert "aaaaaaaa  zzzzzzzz\n" in shown


def test_columns_that_say_nothing_are_left_out_without_a_word() -> None:
    shown = on_screen(80, Column("run", ["a"]), Column("b", ["-"], rank=1), Column("c", ["-"]))
    assert shown == "run  c\na    -\n"


def test_names_that_are_cut_still_differ() -> None:
    sweep = [f"learning_rate=0.00{n},batch_size=16,seed={seed}" for n in (1, 3) for seed in (0, 1)]
    assert cut_names(sweep, 20, "…") == [
        "…0.001,…ze=16,seed=0",
        "…0.001,…ze=16,seed=1",
        "…0.003,…ze=16,seed=0",
        "…0.003,…ze=16,seed=1",
    ]
    # Siblings among others are told apart each family for itself.
    mixed = cut_names(["baseline", *sweep], 20, "…")
    assert mixed == ["baseline", *cut_names(sweep, 20, "…")]
    # Where parts are not in all of them, they are left with the words that tell them apart.
    pairs = [
        f"ppo_{memory}env_CartPole-v{version}_number_{number}_seed_0"
        for memory in ("lstm_", "")
        for version in (0, 1)
        for number in (1, 2)
    ]
    assert cut_names(pairs, 18, "…") == [
        "…lstm_…v0_…1_…",
        "…lstm_…v0_…2_…",
        "…lstm_…v1_…1_…",
        "…lstm_…v1_…2_…",
        "…v0_…1_…",
        "…v0_…2_…",
        "…v1_…1_…",
        "…v1_…2_…",
    ]
    ends = ["first_of_all_long_names_1", "second_of_all_long_names_2"]
    assert cut_names(ends, 12, "…") == [cut_middle(name, 12, "…") for name in ends]


def test_names_without_separators_that_are_cut_still_differ() -> None:
    alike = [f"anexperimentofmany{letter}whichallendinthesameway" for letter in "xyz"]
    assert cut_names(alike, 12, "…") == ["…x…", "…y…", "…z…"]
    assert cut_names([*alike, "baseline"], 12, "…") == ["…x…", "…y…", "…z…", "baseline"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.integers(4, 50))
def test_names_are_cut_to_their_width(names: list[str], width: int) -> None:
    for name, told in zip(names, cut_names(names, width, "…"), strict=True):
        assert cell_len(told) <= width
        assert told == name or "…" in told


def test_names_that_do_not_fit_stand_below_their_directory() -> None:
    runs = ["a", "lab/b", "lab/a_long_project/run_one", "lab/a_long_project/run_two", "z"]
    assert on_screen(18, Column("run", runs, names=True), Column("ok", ["yes"] * 5)) == (
        "run        ok\n"
        "a          yes\n"
        "lab/b      yes\n"
        "lab/a_long_project/\n"
        "  run_one  yes\n"
        "  run_two  yes\n"
        "z          yes\n"
    )


def test_a_pipe_gets_every_name_whole_and_no_blanks_at_the_end() -> None:
    names = [f"{'d' * 300}/{'r' * 300}{number}" for number in range(3)]
    shown = in_pipe(Column("run", names, names=True), Column("ok", ["", "y", ""]))
    assert [line.split(" ")[0] for line in shown.splitlines()[1:]] == names
    assert all(line == line.rstrip() for line in shown.splitlines())


def test_a_section_has_a_line_of_its_own() -> None:
    shown = on_screen(40, Column("tag", ["x", "y", "z"]), sections=["a", "a", "b"])
    assert shown == "tag\na\nx\ny\n\nb\nz\n"


def test_other_names_are_cut_in_their_middle() -> None:
    columns = [
        Column("run", ["short"], names=True),
        Column("by", ["a" * 20 + "b" * 20], names=True),
    ]
    assert "aaaaaaaaa…bbbbbbbbbbbbbbbbb" not in in_pipe(*columns)
    shown = on_screen(30, *columns)
    assert "short  aaaaaaaa…bbbbbbbbbbbbbb\n" in shown


def test_a_name_of_nothing_but_slashes_takes_no_age() -> None:
    shown = on_screen(40, Column("tag", ["/" * 1_000_000, "/" * 999_999], names=True))
    assert shown.count("…") == 2


names = st.lists(
    st.text(st.sampled_from("ab/ é中\u0301"), min_size=1, max_size=60), min_size=1, max_size=8
)


@given(names, st.integers(10, 120))
def test_any_names_at_any_width(runs: list[str], width: int) -> None:
    shown = on_screen(width, Column("run", runs, names=True), Column("n", ["|"] * len(runs)))
    rows = [line for line in shown.split("\n") if line.endswith("|")]
    assert len(rows) == len(runs)
    room = max(width, 16 + 3)
    assert all(cell_len(row) <= room for row in rows)
    assert len({cell_len(row) for row in rows}) == 1


@given(names, st.integers(20, 120))
def test_names_can_be_read_whole_from_their_directories(runs: list[str], width: int) -> None:
    runs = [f"{run.strip()}x" for run in runs]
    shown = on_screen(width, Column("run", runs, names=True), Column("n", ["|"] * len(runs)))
    directory, read = "", []
    for line in shown.split("\n")[1:-1]:
        if line.endswith("|"):
            cell = line[:-1].rstrip()
            read.append(directory + cell[2:] if directory and cell.startswith("  ") else cell)
        else:
            directory = line
    assert len(read) == len(runs)
    for run, told in zip(runs, read, strict=True):
        assert told == run or "…" in told


@given(st.text(max_size=50), st.integers(3, 60))
def test_a_cut_name_has_its_ends(name: str, width: int) -> None:
    cut = cut_middle(name, width, "…")
    assert cell_len(cut) <= width
    if cell_len(name) <= width:
        assert cut == name
    else:
        start, _, end = cut.partition("…") if "…" not in name else ("", "", "")
        assert name.startswith(start)
        assert name.endswith(end)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("loss", "loss"), ("", "''"), (" ", "' '"), ("a b", "a b"), ("a ", "'a '"), ("\t", r"\x09")],
)
def test_a_name_that_would_not_be_seen_is_quoted(name: str, shown: str) -> None:
    assert shown_name(name) == shown


cells = st.lists(st.text(st.sampled_from("ab1.█ é中\u0301"), max_size=12), min_size=1, max_size=6)


@given(cells, st.booleans())
def test_cells_end_at_the_same_place_with_and_without_style(texts: list[str], right: bool) -> None:
    behind = Column("|", ["|"] * len(texts))
    plain = on_screen(80, Column("text", texts, right=right), behind)
    styled = [Text(text, style="red") for text in texts]
    assert on_screen(80, Column("text", styled, right=right), behind) == plain
    assert len({cell_len(line) for line in plain.splitlines()}) == 1
