"""CSV holds every text as it is; with `--csv-safe` none is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
import shutil
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tbtools
from tbtools.render.output import write_view
from tests.builders import EventFileBuilder
from tests.commands import call

if TYPE_CHECKING:
    from rich.console import Console

# A text, and what becomes of it with --csv-safe.
FORMULAS = {
    "=1+1": "'=1+1", "+1+1": "'+1+1", "-1+1": "'-1+1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t'=1",
    "\n=1": "'\n'=1", " =1": "' =1", "\xa0=1": "'\xa0=1", "\uff1d1": "'\uff1d1", "a;=1": "a;'=1",
    "a\r\n @A1": "a\r\n' @A1", "\r": "'\r", "\n": "'\n",
}  # fmt: skip
# What readers take apart, or away, where it is written without care.
HOSTILE = (
    *FORMULAS, "a\rb", "a\nb", "a\r\nb", 'a"b', '"', '""', "a,b", ",", "'a'", " a ",
    "a;b", "a\tb", "NA", "null", "#a", "a\\nb", "\\", "\ufeffa", "1e5", "é😀",
    "a\x0b\x0c\x1c\x85\u2028b",
)  # fmt: skip
FILE = "logs/=run/events.out.tfevents.1"
COMMANDS = {
    "summarize": ["summarize", "logs", "--format", "csv"],
    "summarize to a file": ["summarize", "logs", "--format", "csv", "-o", "out.csv"],
    "detect": ["detect", "logs", "--fail-on", "none", "--format", "csv"],
    "inspect": ["inspect", FILE, "--format", "csv"],
    "inspect events": ["inspect", FILE, "--events", "--format", "csv"],
    "diff": ["diff", "logs/=run", "logs/=run", "--format", "csv"],
    "export": ["export", "logs", "-o", "-"],
    "export to a file": ["export", "logs", "-o", "out.csv"],
    "wide export": ["export", "logs", "--wide", "-o", "-"],
    "export of pictures": ["export", "logs", "--data", "images", "-o", "out"],
    "smooth": ["smooth", "logs", "-o", "-"],
    "aggregate": ["aggregate", "logs", "-o", "-"],
    "aggregate in figures": ["aggregate", "logs", "-o", "out", "--format", "csv"],
    "merge in figures": ["merge", "logs", "-o", "out", "--format", "csv"],
}
OF_TAGS = ("summarize", "inspect", "export", "smooth", "aggregate")


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = EventFileBuilder()
    for tag in HOSTILE:
        builder.scalars(tag, [(step, -float(step)) for step in range(3)])
        builder.image(tag + "picture", 0, b"\x89PNG")
    builder.write(tmp_path / FILE)
    monkeypatch.chdir(tmp_path)


def table(*arguments: str) -> list[list[str]]:
    """The rows of the CSV that a command writes, in which two readers find the same."""
    result = call(*arguments)
    assert result.status == 0, result.err
    text = result.out
    for target in ("out.csv", "out/index.csv"):
        if Path(target).is_file():
            text = Path(target).read_bytes().decode()
            Path(target).unlink()
    shutil.rmtree("out", ignore_errors=True)
    return both_readers(text)


def both_readers(text: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    frame = pd.read_csv(
        io.BytesIO(text.encode()), dtype=str, keep_default_na=False, header=None, encoding="utf-8"
    )
    assert frame.to_numpy().tolist() == rows
    return rows


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("command", COMMANDS)
def test_texts_are_read_back(command: str) -> None:
    header, *rows = table(*COMMANDS[command])
    assert {len(row) for row in rows} <= {len(header)}
    if command == "wide export":
        assert set(header) >= set(HOSTILE)
    elif command.split()[0] in OF_TAGS and "tag" in header:
        tags = {row[header.index("tag")] for row in rows}
        assert tags >= {f"{tag}picture" if "pictures" in command else tag for tag in HOSTILE}


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_quote_is_in_front_of_texts(command: str) -> None:
    plain, safe = (
        list(chain.from_iterable(table(*COMMANDS[command], *options)))
        for options in ([], ["--csv-safe"])
    )
    for before, after in zip(plain, safe, strict=True):
        formula = next((each for each in FORMULAS if before in (each, f"{each}picture")), "")
        if formula:
            assert after == FORMULAS[formula] + before.removeprefix(formula)
        else:  # files are called after tags
            quoted = "'" if before.startswith("=run") else ""
            assert after == quoted + before.replace(";=", ";'=")
    assert command not in ("summarize", "export", "export of pictures") or "=run" in plain


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    "line",
    [
        "summarize logs --csv-safe",
        "export logs -o out.jsonl --csv-safe",
        "smooth logs -o out --csv-safe",
        "merge logs -o out --csv-safe",
    ],
)
def test_refused_where_there_is_no_csv(line: str, tmp_path: Path) -> None:
    result = call(*line.split())
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.glob("out*"))


class _Rows:
    def __init__(self, rows: list[list[str]]) -> None:
        self.rows = rows

    def to_csv(self) -> list[list[str]]:
        return self.rows

    def show(self, console: Console) -> None:
        raise NotImplementedError

    def totals(self) -> str:
        return ""


# pandas 2 reads no NUL; undecodable bytes of names become escapes before they come here.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
TEXTS |= st.text(st.sampled_from("\",\r\n\t'= a"), max_size=6)


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n))))
def test_any_text_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    names = [f"column {number}" for number in range(len(rows[0]) if rows else 1)]
    write_view(_Rows([names, *rows]), "csv", str(folder / "view.csv"))
    frame = pd.DataFrame(rows, columns=names, dtype=str)
    tbtools.write(frame, folder / "frame.csv")
    for name in ("view.csv", "frame.csv"):
        assert both_readers((folder / name).read_bytes().decode()) == [names, *rows]
