"""The JSON of every command is what tbtools/schemas.json says, which is shipped and promised."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

import click
import pytest

from tbtools import vocabulary
from tbtools.cli import main as cli
from tests.builders import EventFileBuilder
from tests.commands import call

if TYPE_CHECKING:
    from pathlib import Path

jsonschema = pytest.importorskip("jsonschema", reason="needs the extra test-reading")
LOGS = "tests/logs"
BASELINE = f"{LOGS}/baseline/events.out.tfevents.1772438400.node7.4242.0"
SCHEMAS: dict[str, Any] = json.loads((files("tbtools") / "schemas.json").read_text("utf-8"))
# What each definition is of; OUT is where an output goes.
COMMANDS = {
    "summarize": "summarize LOGS",
    "detect": "detect LOGS --fail-on none",
    "best": "best LOGS",
    "explain": "explain LOGS --run RUN",
    "diff": "diff LOGS/RUN LOGS/OTHER --fail-on best(val/loss)>0.1",
    "verify": "verify LOGS",
    "inspect": "inspect FILE",
    "inspect --records": "inspect FILE --records",
    "inspect --events": "inspect FILE --events",
    "merge": "merge LOGS/RUN -o OUT",
    "repair": "repair LOGS -o OUT",
    "edit": "edit LOGS --rename s/^/x/ -o OUT",
    "compact": "compact LOGS --thin 16 -o OUT",
    "import": "import CSV -o OUT",
    "diff --against": "diff LOGS/RUN --against LOGS",
    "aggregate": "aggregate LOGS/RUN LOGS/OTHER -o OUT",
    "aggregate --at": "aggregate LOGS/RUN LOGS/OTHER --at end -o OUT.csv",
    "smooth": "smooth LOGS -o OUT",
    "export --data hparams": "export LOGS --data hparams -o OUT",
}


def _closed(schema: Any) -> Any:
    """The schema, but that keys are refused that it does not name: the promise says them all."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("required"), list):
        closed.setdefault("additionalProperties", False)
    return closed


CLOSED = _closed(SCHEMAS)


def _require_valid(name: str, content: Any) -> None:
    reference = {"$ref": f"#/$defs/{name.replace(' ', '%20')}"}
    for schemas in (SCHEMAS, CLOSED):
        validator = jsonschema.Draft202012Validator({**schemas, **reference})
        errors = [
            f"{each.json_path}: {each.message[:200]}" for each in validator.iter_errors(content)
        ]
        assert not errors, f"tbtools/schemas.json, {name}: {errors[:3]}"


def _shown(line: str, folder: Path, **names: str) -> Any:
    """What a command shows, or writes; None where it refuses these logs."""
    out = folder / "out"
    words = line.split()
    table = folder / "metrics.csv"
    table.write_text("step,loss,note\n1,0.5,a\n2,nan,b\n3,x,c\n")
    for name, value in {**names, "OUT": str(out), "CSV": str(table)}.items():
        words = [word.replace(name, value) for word in words]
    result = call(*words, "--format", "json")
    if result.status == 2 and not result.out:
        return None
    return json.loads(out.read_text() if out.is_file() else result.out)


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS)


def test_every_command_that_shows_json_has_one() -> None:
    context = click.Context(cli.cli)
    showing = set()
    for name in cli._COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        formats = [each.type for each in command.params if "--format" in each.opts]
        showing |= {name for each in formats if "json" in getattr(each, "choices", ())}
    assert {name.split()[0] for name in COMMANDS} == showing
    assert set(COMMANDS) <= set(SCHEMAS["$defs"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("finding_kind", vocabulary.FINDING_KINDS),
        ("severity", vocabulary.SEVERITIES),
        ("run_status", get_args(vocabulary.RunStatus)),
        ("problem_kind", get_args(vocabulary.ProblemKind)),
        ("note_kind", vocabulary.NOTE_KINDS),
    ],
)
def test_words_are_those_of_the_vocabulary(name: str, words: tuple[str, ...]) -> None:
    assert SCHEMAS["$defs"][name]["enum"] == [*words]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("run", "other"), [("diverged", "baseline"), ("resumed", "media")])
def test_of_examples(name: str, run: str, other: str, tmp_path: Path) -> None:
    shown = _shown(COMMANDS[name], tmp_path, LOGS=LOGS, RUN=run, OTHER=other, FILE=BASELINE)
    assert shown is not None
    _require_valid(name, shown)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut off, flipped, empty, foreign, without a number; what cannot be decoded."""
    logs = tmp_path_factory.mktemp("damaged") / "logs"
    nan, infinity = float("nan"), float("inf")
    curve = [(step, value) for step, value in enumerate((1.0, 0.5, nan, infinity, -infinity, 0.2))]
    data = EventFileBuilder().file_version().scalars("val/loss", curve).text("t", 0, "x").bytes()
    contents = {
        "sound": data,
        "cut": data[:-7],
        "flipped": data[:150] + bytes([data[150] ^ 255]) + data[151:],
        "empty": b"",
        "foreign": b"no event file at all, by far",
        "stamped": EventFileBuilder().scalar("val/loss", 0, nan, nan).bytes(),
        "odd": EventFileBuilder().scalar("odd\x1b\u202e\n", -5, 1.0).bytes(),
    }
    for name, content in contents.items():
        path = logs / name / "events.out.tfevents.1"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return logs


@pytest.mark.parametrize("name", COMMANDS)
def test_of_damaged_logs(name: str, damaged: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(damaged.iterdir())):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = str(path / "events.out.tfevents.1")
        shown = _shown(
            COMMANDS[name], folder, LOGS=str(damaged), RUN=path.name, OTHER="sound", FILE=file
        )
        if shown is not None:
            _require_valid(name, shown)


@pytest.mark.corpus
@pytest.mark.parametrize("name", [name for name, line in COMMANDS.items() if "OTHER" not in line])
def test_of_the_corpus(name: str, corpus_files: list[Path], tmp_path: Path) -> None:
    small = [path for path in corpus_files if path.stat().st_size < 100_000]
    for number, path in enumerate(small[:: len(small) // 6]):
        folder = tmp_path / str(number)
        folder.mkdir()
        line = COMMANDS[name].replace("LOGS/RUN", "LOGS")
        shown = _shown(line, folder, LOGS=str(path.parent), RUN=".", FILE=str(path))
        if shown is not None:
            _require_valid(name, shown)
