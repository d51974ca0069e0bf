"""Verdicts about files; the commands' tests show all kinds of damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.verify import verify
from tbtools.runs.loading import load
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path


def _logdir(folder: Path) -> Path:
    EventFileBuilder().scalar("a", 1, 1.0).write(folder / "sound" / "events.out.tfevents.1")
    EventFileBuilder().scalar("a", 1, 1.0).scalar("a", 2, 1.0).corrupt_data_crc().write(
        folder / "damaged" / "events.out.tfevents.1"
    )
    return folder


def test_every_file_is_told(tmp_path: Path) -> None:
    result = verify(load(_logdir(tmp_path)))
    assert [file.status for file in result.files] == ["damaged", "sound"]
    assert [file.records for file in result.files] == [1, 1]
    assert (result.sound, result.readable) == (False, True)


def test_frame_has_a_row_a_file(tmp_path: Path) -> None:
    frame = verify(load(_logdir(tmp_path))).to_frame()
    assert list(frame.columns) == ["file", "records", "bytes", "status", "problems"]
    assert frame["problems"].tolist() == [1, 0]


def test_a_file_that_heals_is_sound(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 1.0).scalar("a", 2, 1.0)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(builder.bytes()[:-1])
    assert verify(load(tmp_path)).files[0].status == "truncated"
    path.write_bytes(builder.bytes())
    assert verify(load(tmp_path)).sound


def test_progress_ends_with_all_bytes(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    verify(load(_logdir(tmp_path)), lambda done, total: told.append((done, total)))
    total = sum(path.stat().st_size for path in tmp_path.rglob("*tfevents*"))
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
