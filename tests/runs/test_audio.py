"""Sounds: where they are stored and what they decode to."""

from __future__ import annotations

import base64
import contextlib
import io
import math
import re
import struct
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.io.wavfile
from hypothesis import given
from hypothesis import strategies as st
from tensorboard import data_compat
from tensorboard.compat.proto import summary_pb2
from torch.utils.tensorboard import SummaryWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.audio import Audio, audio_frame, sounds
from tests.runs.event_values import (
    UNTIMED,
    corpus_file,
    read_values,
    stored,
    stored_tensor,
    strings_tensor,
)

if TYPE_CHECKING:
    from pathlib import Path

RATE = 8000


def wav(data: bytes, width: int = 2, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(RATE)
        sound.writeframes(data)
    return buffer.getvalue()


def audio_value(**fields: Any) -> Any:
    return stored(messages.Value(tag="speech", audio=fields))


SHORT = wav(struct.pack("<4h", 0, 16384, -32768, 32767))


@pytest.mark.parametrize(
    ("data", "width", "truth"),
    [
        (bytes([0, 128, 255]), 1, [-1.0, 0.0, 127 / 128]),
        (struct.pack("<3h", -32768, 0, 32767), 2, [-1.0, 0.0, 32767 / 32768]),
        (b"\x00\x00\x80\x00\x00\x00\xff\xff\x7f", 3, [-1.0, 0.0, 1 - 2**-23]),
        (struct.pack("<3i", -(2**31), 0, 2**30), 4, [-1.0, 0.0, 0.5]),
    ],
    ids=["8 bits", "16 bits", "24 bits", "32 bits"],
)
def test_samples_of_every_width_are_shares_of_full_scale(
    data: bytes, width: int, truth: list[float]
) -> None:
    found = Audio(wav(data, width), "audio/wav", RATE, 3, 1).to_numpy()
    assert found.dtype == np.float32
    assert found.shape == (3, 1)
    assert found[:, 0].tolist() == truth


@UNTIMED
@given(st.lists(st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 2), max_size=20))
def test_channels_lie_side_by_side(frames: list[tuple[int, int]]) -> None:
    data = b"".join(struct.pack("<2h", *frame) for frame in frames)
    audio = Audio(wav(data, channels=2), "audio/wav", RATE, len(frames), 2)
    assert audio.to_numpy().shape == (len(frames), 2)
    np.testing.assert_array_equal(audio.to_numpy() * 2**15, np.reshape(frames, (-1, 2)))


def test_old_and_new_values_give_the_same_sound() -> None:
    old = audio_value(
        encoded_audio_string=SHORT,
        sample_rate=RATE,
        num_channels=1,
        length_frames=4,
        content_type="audio/wav",
    )
    theirs = summary_pb2.Summary.Value.FromString(old.message.SerializeToString())
    new = stored(data_compat.migrate_value(theirs))
    assert new.message.WhichOneof("value") == "tensor"
    assert sounds(new) == sounds(old) == [Audio(SHORT, "audio/wav", RATE, 4, 1)]
    assert sounds(old)[0].seconds == 4 / RATE


def test_a_value_of_several_sounds_has_a_row_each() -> None:
    labelled = strings_tensor([SHORT, b"hello", b"fLaC", "größe".encode()], [2, 2])
    bare = strings_tensor([SHORT], [1])
    frame = audio_frame([stored_tensor(labelled, "a", 1), stored_tensor(bare, "b", 2)])
    assert list(frame.columns) == [
        "tag", "step", "wall_time", "index", "label", "sample_rate", "frames", "channels",
        "content_type", "audio",
    ]  # fmt: skip
    assert frame["index"].tolist() == [0, 1, 0]
    assert frame["label"].tolist() == ["hello", "größe", ""]
    assert frame["sample_rate"].tolist() == [RATE, 0.0, RATE]
    assert frame["frames"].tolist() == [4, 0, 4]
    assert frame["content_type"].tolist() == ["audio/wav", "application/octet-stream", "audio/wav"]
    assert frame["audio"][1].data == b"fLaC"


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    full, empty = audio_frame([audio_value(encoded_audio_string=SHORT)]), audio_frame([])
    columns = ["step", "wall_time", "index", "label", "sample_rate", "frames", "channels", "audio"]
    assert empty[columns].dtypes.equals(full[columns].dtypes)


def test_frames_beyond_the_bytes_are_not_believed() -> None:
    endless = SHORT[:40] + b"\xff\xff\xff\x7f" + SHORT[44:]
    (audio,) = sounds(stored_tensor(strings_tensor([endless], [1])))
    assert audio.frames <= len(endless) // 2
    assert len(audio.to_numpy()) == 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_as_scipy_has_written_them(dtype: type[np.generic]) -> None:
    samples = np.array([[0.1, -2.5], [math.nan, math.inf], [1e-40, -0.0]], dtype)
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, RATE, samples)
    (sound,) = sounds(stored_tensor(strings_tensor([buffer.getvalue()], [1])))
    assert (sound.sample_rate, sound.frames, sound.channels) == (RATE, 3, 2)
    found = sound.to_numpy()
    assert found.tobytes() == samples.astype(np.float32).tobytes()


def test_a_layout_that_is_extensible() -> None:
    """Microsoft's WAVEFORMATEXTENSIBLE: the number of the format is in its GUID."""
    guid = bytes.fromhex("0300000000001000800000aa00389b71")
    layout = struct.pack("<HHIIHHHHI", 0xFFFE, 1, RATE, 4 * RATE, 4, 32, 22, 32, 4) + guid
    chunks = b"fmt " + struct.pack("<I", len(layout)) + layout
    chunks += b"LIST\x03\0\0\0abc\0" + b"data" + struct.pack("<Iff", 8, 0.25, -0.5)
    data = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
    assert Audio(data, "audio/wav", 0, 0, 0).to_numpy().tolist() == [[0.25], [-0.5]]


def test_sounds_that_are_no_wav_of_integers_or_floats_are_refused_when_decoded() -> None:
    floating = SHORT[:20] + struct.pack("<H", 3) + SHORT[22:]  # floats of 16 bits
    (floats,) = sounds(stored_tensor(strings_tensor([floating], [1])))
    assert (floats.content_type, floats.sample_rate, floats.frames) == ("audio/wav", 0.0, 0)
    for data in (floats.data, b"", b"RIFF\x00\x00\x00\x00WAVE", SHORT[:20], b"ID3 mp3"):
        message = f"no WAV of integers or floats in {len(data)} byte"
        with pytest.raises(UndecodablePayload, match=message):
            Audio(data, "audio/wav", 0, 0, 0).to_numpy()


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (strings_tensor([b"a"] * 3, [1, 3]), r"sounds in a tensor of strings, shape \[1, 3\]"),
        (strings_tensor([b"a"], []), r"sounds in a tensor of strings, shape \[\]"),
        (messages.TensorProto(dtype=1, float_val=[1, 2]), "sounds in a tensor of float32"),
    ],
)
def test_what_holds_no_sounds_is_refused(proto: Any, message: str) -> None:
    with pytest.raises(UndecodablePayload, match=message):
        audio_frame([stored_tensor(proto)])


@UNTIMED
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=6), st.integers(0, 60))
def test_damaged_sounds_decode_or_fail_by_name(changes: list[tuple[int, int]], end: int) -> None:
    damaged = bytearray(SHORT[:end])
    for position, byte in changes:
        if position < len(damaged):
            damaged[position] = byte
    sounds(stored_tensor(strings_tensor([bytes(damaged)], [1])))
    with contextlib.suppress(UndecodablePayload):
        Audio(bytes(damaged), "audio/wav", 0, 0, 0).to_numpy()


def test_notebooks_get_a_player_and_never_a_strangers_words() -> None:
    audio = Audio(SHORT, 'audio/wav"><script>alert(1)</script>', RATE, 4, 1)
    html = audio._repr_html_()
    assert html is not None
    match = re.fullmatch(
        r'<audio controls src="data:audio/wav;base64,([A-Za-z0-9+/=]*)"></audio>', html
    )
    assert match is not None
    assert base64.b64decode(match[1]) == SHORT
    assert Audio(b"<b>", "audio/wav", 0, 0, 0)._repr_html_() is None


def test_the_repr_shows_no_bytes() -> None:
    audio = Audio(SHORT, "audio/wav", 22050.0, 44100, 2)
    assert repr(audio) == "<Audio 'audio/wav' of 2 s, 22050 Hz, 2 channels, 52 bytes>"


def test_what_torch_writes(tmp_path: Path) -> None:
    samples = np.sin(np.linspace(0, 100, 4000, dtype=np.float32))
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_audio("tone", samples[np.newaxis], 3, sample_rate=16_000)
    frame = audio_frame(read_values(tmp_path))
    audio = frame["audio"][0]
    assert (audio.sample_rate, audio.frames, audio.channels) == (16_000, 4000, 1)
    # torch scales by 32767 and cuts.
    np.testing.assert_allclose(audio.to_numpy()[:, 0], samples, atol=2.1 / 32768)


@pytest.mark.corpus
def test_sounds_of_the_corpus_are_the_samples_behind_their_header() -> None:
    path = "iluntsai99+FastSpeech2/output/log/MandAndEng/train"
    files = sorted((corpus_file("MANIFEST.tsv").parent / path).glob("*tfevents*"))
    values = [value for file in files for value in read_values(file)]
    frame = audio_frame([value for value in values if value.message.WhichOneof("value") == "audio"])
    assert len(frame) >= 2
    for row in frame.itertuples():
        header, samples = row.audio.data[:44], np.frombuffer(row.audio.data[44:], dtype="<i2")
        assert header[36:40] == b"data"
        assert (row.frames, row.channels) == (len(samples), 1)
        assert row.sample_rate == struct.unpack_from("<I", header, 24)[0]
        np.testing.assert_array_equal(row.audio.to_numpy()[:, 0], samples / np.float32(2**15))
