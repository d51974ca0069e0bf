"""What must hold for any bytes that are given to the scan as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2

from tests.scans import SCANNERS, differences, scan_bytes, scan_in_parts

if TYPE_CHECKING:
    import random

FRAME = 16
COLUMNS = {"tag_id": "i4", "kind": "u1", "dtype": "u1", "step": "i8", "wall_time": "f8",
           "value": "f8", "offset": "i8", "length": "u4"}  # fmt: skip
MARKS = {"mark_kind": "u1", "mark_status": "u1", "mark_step": "i8", "mark_wall_time": "f8",
         "mark_row": "i8", "mark_offset": "i8", "mark_length": "i8"}  # fmt: skip
DAMAGE = {"damage_kind": "u1", "damage_offset": "i8", "damage_length": "i8", "damage_got": "u4",
          "damage_want": "u4"}  # fmt: skip
TOLD = ("tag_names", "tag_plugins", "tag_metadata", "file_version", "tail", "position", "records",
        "events")  # fmt: skip
UNDECODABLE, TRUNCATED = 3, 4


def check_scans(content: bytes, chance: random.Random) -> None:
    """Holds the scans of a file with that content against each other, and against what must be.

    Raises:
        AssertionError: One of them is wrong.
    """
    protobuf = scan_bytes(SCANNERS["protobuf"], content)
    check_sense(content, protobuf)
    pieces = scan_bytes(SCANNERS["protobuf"], content, chance.randrange(len(content) + 2))
    assert not differences(protobuf, pieces), "protobuf, in pieces"
    if SCANNERS["compiled"] is not None:
        compiled = scan_bytes(SCANNERS["compiled"], content)
        assert not differences(compiled, protobuf), "compiled, protobuf"
        for more in (0, chance.randrange(len(content) + 2)):
            pieces = scan_bytes(SCANNERS["compiled"], content, more)
            assert not differences(compiled, pieces), "compiled, in pieces"
        parts = scan_in_parts(SCANNERS["compiled"], content, some_places(content, chance))
        for name in (*COLUMNS, *MARKS, *DAMAGE, *TOLD):
            assert parts[name] == compiled[name], f"compiled, in parts: {name}"


def some_places(content: bytes, chance: random.Random) -> list[int]:
    """Some offsets in order: where records begin, as far as the lengths tell, and any others."""
    starts = [0]
    while (length := int.from_bytes(content[starts[-1] : starts[-1] + 8], "little")) < len(content):
        if (after := starts[-1] + length + FRAME) >= len(content):
            break
        starts.append(after)
    places = set(chance.sample(starts, min(len(starts), 3)))
    if chance.randrange(2):
        places.add(chance.randrange(len(content) + 1))
    return sorted(places)


def table(found: dict[str, Any], dtypes: dict[str, str]) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of one group, which have one length."""
    columns = {name: np.frombuffer(found[name], dtype) for name, dtype in dtypes.items()}
    assert len({column.size for column in columns.values()}) == 1
    return columns


def check_sense(content: bytes, found: dict[str, Any]) -> None:
    """What is told lies in the file, and every byte of the file is told of."""
    values, marks, damage = (table(found, dtypes) for dtypes in (COLUMNS, MARKS, DAMAGE))
    tags = len(found["tag_names"])
    assert len(set(found["tag_names"])) == tags == len(found["tag_plugins"])
    assert set(values["tag_id"].tolist()) == set(range(tags))
    ends = values["offset"] + values["length"]
    assert (values["offset"][1:] >= ends[:-1]).all()
    assert (ends <= found["position"]).all()
    assert (np.isnan(values["value"]) | (values["dtype"] > 0)).all()
    assert (np.diff(marks["mark_row"]) >= 0).all()
    assert (marks["mark_row"] <= values["step"].size).all()
    assert (marks["mark_offset"] + marks["mark_length"] <= found["position"]).all()
    check_account(content, found, damage)


def check_account(content: bytes, found: dict[str, Any], damage: dict[str, Any]) -> None:
    """Walks over damaged stretches and records, which together are the file."""
    kind, tail_offset, tail_length, *_ = found["tail"]
    assert (tail_offset, tail_length) == (found["position"], len(content) - found["position"])
    assert bool(kind) == bool(tail_length)
    stretches = dict(
        zip(damage["damage_offset"].tolist(), damage["damage_length"].tolist(), strict=True)
    )
    assert len(stretches) == damage["damage_offset"].size
    kinds = damage["damage_kind"].tolist()
    position = records = 0
    events: list[bytes] = []
    while position < found["position"]:
        if position in stretches:
            position += stretches.pop(position)
            continue
        length = int.from_bytes(content[position : position + 8], "little")
        events.append(content[position + 12 : position + 12 + length])
        position += length + FRAME
        records += 1
    assert position == found["position"]
    assert not stretches
    assert (records, found["records"]) == (found["events"], records + kinds.count(UNDECODABLE))
    check_events(events, found)


def check_events(events: list[bytes], found: dict[str, Any]) -> None:
    """Where TensorBoard can read all events, it reads the same tags, kinds and steps in them."""
    rows = []
    for data in events:
        try:
            event = event_pb2.Event.FromString(data)
        except DecodeError:  # it wants texts to be UTF-8, and looks into all messages
            return
        for value in event.summary.value:
            member = value.WhichOneof("value")
            if value.tag or member:
                number = value.DESCRIPTOR.fields_by_name[member].number if member else 0
                rows.append((value.tag.encode(), number, event.step))
    names = [found["tag_names"][i] for i in np.frombuffer(found["tag_id"], "i4").tolist()]
    steps = np.frombuffer(found["step"], "i8").tolist()
    assert rows == list(zip(names, found["kind"], steps, strict=True))
    assert found["events"] == len(events)
