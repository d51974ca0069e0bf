"""What was released is still there: names, parameters, options and JSON keys (docs/stability.md).

``TBTOOLS_UPDATE_RELEASED=1 pytest tests/test_released.py`` takes what there is now for released;
that is done with a release, and never to pass a test.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import tbtools
from tbtools.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASED = Path(__file__).parent / "released"


def _parameters(function: Any) -> list[list[str]]:
    """Name, kind and default of each, without what it is called on."""
    try:
        own = inspect.signature(function).parameters.values()
    except ValueError:  # in C, as that of many exceptions
        return []
    return [
        [each.name, each.kind.name, "" if each.default is each.empty else repr(each.default)]
        for each in own
        if each.name not in ("self", "cls")
    ]


def _members(kind: type) -> dict[str, Any]:
    """The public attributes of a class that it says itself: methods with their parameters."""
    found: dict[str, Any] = {}
    for owner in kind.__mro__:
        if not owner.__module__.startswith("tbtools"):
            continue
        for name, value in vars(owner).items():
            if not name.startswith("_"):
                plain = inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod))
                found.setdefault(name, _parameters(getattr(kind, name)) if plain else None)
    if dataclasses.is_dataclass(kind):
        found |= {each.name: None for each in dataclasses.fields(kind) if each.name[0] != "_"}
    return dict(sorted(found.items()))


def _api() -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in tbtools.__all__:
        value = getattr(tbtools, name)
        told[name] = {"parameters": _parameters(value)}
        if isinstance(value, type):
            bases = [each.__name__ for each in value.__mro__[1:-1] if issubclass(each, Exception)]
            told[name] |= {"bases": bases, "members": _members(value)}
    return told


def _options() -> dict[str, list[str]]:
    context = click.Context(cli.cli)
    told = {}
    for name in cli._COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        told[name] = sorted(opt for each in command.params for opt in each.opts if opt[0] == "-")
    return told


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads((files("tbtools") / "schemas.json").read_text("utf-8"))
    return schemas["$defs"]  # type: ignore[no-any-return]


def _released(name: str, now: Any) -> Any:
    path = RELEASED / f"{name}.json"
    if os.environ.get("TBTOOLS_UPDATE_RELEASED"):
        RELEASED.mkdir(exist_ok=True)
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(now.items())]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return json.loads(path.read_text())


def _broken_calls(name: str, then: list[list[str]], now: list[list[str]]) -> Iterator[str]:
    """Calls that were right and are not any more, or mean something else."""
    names = [each[0] for each in now]
    for parameter in then:
        if parameter not in now:
            yield f"{name}({parameter[0]}): was {parameter}"
    positional = [each[0] for each in then if each[1] != "KEYWORD_ONLY"]
    if [each for each in names if each in positional] != positional:
        yield f"{name}: the order of {positional}"
    known = {each[0] for each in then}
    for parameter in now:
        if parameter[0] not in known and not parameter[2] and not parameter[1].startswith("VAR"):
            yield f"{name}({parameter[0]}): new, and without a default"


def _broken_api(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, old in then.items():
        if name not in now:
            yield f"{name} is gone"
            continue
        new = now[name]
        if "members" not in old or name in _BUILT:
            yield from _broken_calls(name, old["parameters"], new["parameters"])
        lost = {*old.get("bases", ())} - {*new.get("bases", ())}
        yield from (f"{name} is no {each}" for each in sorted(lost))
        for member, parameters in old.get("members", {}).items():
            if member not in new.get("members", {}):
                yield f"{name}.{member} is gone"
            elif parameters is not None and new["members"][member] is not None:
                place = f"{name}.{member}"
                yield from _broken_calls(place, parameters, new["members"][member])


# Classes that users call themselves. Others are made by tbtools: what they are made of may grow.
_BUILT = {"EventFileReader", "EventFileWriter", "Experiment"}


def _types(schema: dict[str, Any]) -> set[str]:
    said = schema.get("type", [])
    return {said} if isinstance(said, str) else {*said}


def _broken_schema(name: str, then: Any, now: Any) -> Iterator[str]:
    """Content that whoever relies on the earlier schema does not expect."""
    if not isinstance(then, dict) or not isinstance(now, dict):
        if then != now:
            yield f"{name}: {then} became {now}"
        return
    if (types := _types(then)) and not (_types(now) and _types(now) <= types):
        yield f"{name}: {then.get('type')} became {now.get('type')}"
    for key in sorted({*then.get("required", ())} - {*now.get("required", ())}):
        yield f"{name}.{key} may be missing"
    for key in ("$ref", "anyOf", "prefixItems"):
        if then.get(key) != now.get(key):
            yield f"{name}: {key} {then.get(key)} became {now.get(key)}"
    for word in (each for each in then.get("enum", ()) if each not in now.get("enum", ())):
        yield f"{name}: {word!r} is gone"
    for key, value in then.get("properties", {}).items():
        yield from _broken_schema(f"{name}.{key}", value, now.get("properties", {}).get(key))
    for key in {"items", "additionalProperties"} & {*then}:
        yield from _broken_schema(f"{name}[]", then[key], now.get(key))


def test_names_and_parameters() -> None:
    now = json.loads(json.dumps(_api()))
    assert list(_broken_api(_released("api", now), now)) == []


def test_commands_and_options() -> None:
    now = _options()
    for name, options in _released("options", now).items():
        assert {*options} <= {*now.get(name, ())}, name


def test_keys_of_the_json() -> None:
    now = _schemas()
    broken = [
        line
        for name, then in _released("schemas", now).items()
        for line in _broken_schema(name, then, now.get(name))
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "object", "required": ["a"]}, {"type": "object", "required": []}),
        ({"properties": {"a": {"type": "string"}}}, {"properties": {}}),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {}}),
    ],
)
def test_a_schema_that_breaks_is_seen(then: Any, now: Any) -> None:
    assert list(_broken_schema("x", then, now))


def test_a_call_that_breaks_is_seen() -> None:
    one, two = ["a", "POSITIONAL_OR_KEYWORD", ""], ["b", "POSITIONAL_OR_KEYWORD", "1"]
    assert list(_broken_calls("f", [one, two], [one]))
    assert list(_broken_calls("f", [one, two], [two, one]))
    assert list(_broken_calls("f", [two], [two, one]))
    assert list(_broken_calls("f", [two], [[*two[:2], "2"]]))
    assert not list(_broken_calls("f", [one], [one, two]))
