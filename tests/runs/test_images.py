"""Pictures: where they are stored, what they decode to, and how much is decoded."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tensorboard import data_compat
from tensorboard.compat.proto import summary_pb2
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.images import MAX_PIXELS, Image, images, images_frame
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

FORMATS = ("png", "jpeg", "gif", "webp", "bmp")
RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
FRAMES = [np.full((6, 9, 3), shade, dtype=np.uint8) for shade in (0, 128, 255)]


def encoded(array: np.ndarray[Any, Any], kind: str = "png", **options: Any) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def animated(kind: str) -> bytes:
    rest = [PIL.Image.fromarray(frame) for frame in FRAMES[1:]]
    lossless = {"lossless": True} if kind == "webp" else {}
    return encoded(FRAMES[0], kind, save_all=True, append_images=rest, **lossless)


def png_header(width: int, height: int) -> bytes:
    """A PNG that says its size and then ends: IHDR is width, height, depth, colour type, …."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header) - 4) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"


def image_value(data: bytes, width: int = 9, height: int = 6) -> Any:
    return stored(
        messages.Value(
            tag="samples",
            image={"encoded_image_string": data, "width": width, "height": height},
        )
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_are_told_by_the_bytes(kind: str) -> None:
    assert Image(encoded(RGB, kind), 9, 6).format == kind


@pytest.mark.parametrize("data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"])
def test_what_no_browser_shows_as_a_picture_is_unknown(data: bytes) -> None:
    image = Image(data, 1, 1)
    assert image.format == "unknown"
    assert set(image._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(UndecodablePayload, match="no picture of a known format"):
        image.to_pil()


@pytest.mark.parametrize("kind", ["png", "bmp"])
def test_pixels_come_back(kind: str) -> None:
    image = Image(encoded(RGB, kind), 9, 6)
    np.testing.assert_array_equal(image.to_numpy(), RGB, strict=True)
    assert image.to_pil().size == (9, 6)


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (RGB[..., 0], {}),
        (RGB[..., :2], {}),
        (np.dstack([RGB, RGB[..., 0]]), {}),
        (RGB[..., 0].astype(np.uint16) * 257, {}),
    ],
    ids=["grey", "grey and alpha", "RGBA", "16 bits"],
)
def test_channels_and_depth_stay(pixels: np.ndarray[Any, Any], options: dict[str, Any]) -> None:
    found = Image(encoded(pixels, **options), 9, 6).to_numpy()
    np.testing.assert_array_equal(found, pixels.reshape(6, 9, -1), strict=True)


def test_palettes_become_colours_and_keep_transparency() -> None:
    grey = PIL.Image.fromarray(RGB[..., 0]).convert("P")
    plain, transparent = io.BytesIO(), io.BytesIO()
    grey.save(plain, "png")
    grey.save(transparent, "png", transparency=0)
    assert Image(plain.getvalue(), 9, 6).to_numpy().shape == (6, 9, 3)
    assert Image(transparent.getvalue(), 9, 6).to_numpy().shape == (6, 9, 4)


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_animations_have_their_frames_first(kind: str) -> None:
    image = Image(animated(kind), 9, 6)
    np.testing.assert_array_equal(image.to_numpy()[..., :3], np.stack(FRAMES), strict=True)
    assert getattr(image.to_pil(), "n_frames", None) == 3


def test_a_picture_is_shown_as_it_is() -> None:
    data = encoded(RGB)
    bundle = Image(data, 9, 6)._repr_mimebundle_(include=None, exclude=None)
    assert base64.b64decode(bundle["image/png"]) == data
    assert bundle["text/plain"] == f"<Image png 9x6, {len(data)} bytes>"


def test_old_and_new_values_give_the_same_pictures() -> None:
    old = image_value(encoded(RGB))
    theirs = summary_pb2.Summary.Value.FromString(old.message.SerializeToString())
    new = stored(data_compat.migrate_value(theirs))
    assert new.message.WhichOneof("value") == "tensor"
    assert images(new) == images(old) == [Image(encoded(RGB), 9, 6)]


def test_a_value_of_several_pictures_has_a_row_each() -> None:
    proto = tensor_util.make_tensor_proto([b"9", b"6", encoded(RGB), encoded(RGB, "jpeg")])
    frame = images_frame([stored_tensor(proto, "batch", 3), image_value(b"GIF89a")])
    assert list(frame.columns) == [
        "tag", "step", "wall_time", "index", "width", "height", "format", "image",
    ]  # fmt: skip
    assert frame["tag"].tolist() == ["batch", "batch", "samples"]
    assert frame["index"].tolist() == [0, 1, 0]
    assert frame["format"].tolist() == ["png", "jpeg", "gif"]
    assert frame[["width", "height"]].drop_duplicates().to_numpy().tolist() == [[9, 6]]
    assert frame["image"][0].to_numpy().shape == (6, 9, 3)


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    full, empty = images_frame([image_value(encoded(RGB))]), images_frame([])
    columns = ["step", "wall_time", "index", "width", "height", "image"]
    assert empty[columns].dtypes.equals(full[columns].dtypes)


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (strings_tensor([b"9"], [1]), "pictures in a tensor of strings"),
        (strings_tensor([b"9", b"6"], [2, 1]), r"shape \[2, 1\]"),
        (strings_tensor([b"-9", b"6", b""], [3]), "picture of size b'-9'"),
        (strings_tensor([b"9" * 5000, b"6", b""], [3]), "picture of size b'99999"),
        (messages.TensorProto(dtype=1, float_val=[1, 2, 3]), "pictures in a tensor of float32"),
    ],
)
def test_what_holds_no_pictures_is_refused(proto: Any, message: str) -> None:
    with pytest.raises(UndecodablePayload, match=message):
        images_frame([stored_tensor(proto)])


# Pillow warns of the first beside our refusal, and refuses the second itself.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [9460, 60_000])
def test_a_picture_too_large_is_refused_by_its_header(side: int) -> None:
    image = Image(png_header(side, side), 9, 6)
    assert side**2 > MAX_PIXELS
    for decode in (image.to_pil, image.to_numpy):
        with pytest.raises(UndecodablePayload, match="pixels"):
            decode()


def test_the_frames_of_an_animation_count_together() -> None:
    frames = [PIL.Image.new("1", (3000, 3000), color=index % 2) for index in range(11)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "gif", save_all=True, append_images=frames[1:])
    with pytest.raises(UndecodablePayload, match="99000000 pixels"):
        Image(buffer.getvalue(), 3000, 3000).to_numpy()


def test_frames_beyond_the_screen_of_an_animation_count_with_what_they_span() -> None:
    # By the specification of GIF89a: screen 1 x 1, then frames of one pixel far outside of it.
    data = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    for left in (0, 9_000, 9_000):
        data += b"," + struct.pack("<4HB", left, left, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    image = Image(data + b";", 1, 1)
    for decode in (image.to_pil, image.to_numpy):
        with pytest.raises(UndecodablePayload, match=f"{3 * 9_001**2} pixels"):
            decode()


@UNTIMED
@given(
    st.sampled_from([encoded(RGB, kind) for kind in FORMATS] + [animated("gif")]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4),
    st.integers(0, 2000),
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damage that it can live with
def test_damaged_pictures_decode_or_fail_by_name(
    data: bytes, changes: list[tuple[int, int]], end: int
) -> None:
    damaged = bytearray(data[:end])
    for position, byte in changes:
        if position < len(damaged):
            damaged[position] = byte
    with contextlib.suppress(UndecodablePayload):
        Image(bytes(damaged), 9, 6).to_numpy()


def test_without_pillow_the_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['PIL'] = None\n"
        "from tbtools.errors import MissingExtra\n"
        "from tbtools.runs.plugins.images import Image\n"
        "image = Image(bytes.fromhex('89504e470d0a1a0a'), 1, 1)\n"
        "try: image.to_numpy()\n"
        "except MissingExtra as error: print(image.format, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == ("png decoding pictures needs an extra: pip install 'tbtools[image]'\n")


@pytest.mark.parametrize("writer_class", [SummaryWriter, TorchWriter])
def test_what_the_writers_write(tmp_path: Path, writer_class: Any) -> None:
    with writer_class(str(tmp_path)) as writer:
        writer.add_image("one", RGB, 1, dataformats="HWC")
        writer.add_image("float", torch.from_numpy(RGB / 255.0), 2, dataformats="HWC")
    frame = images_frame(read_values(tmp_path))
    assert frame["tag"].tolist() == ["one", "float"]
    assert frame[["height", "width"]].to_numpy().tolist() == [[6, 9], [6, 9]]
    np.testing.assert_array_equal(frame["image"][0].to_numpy(), RGB)
    # Writers cut 255 * x, which rounding may leave one below.
    assert np.abs(frame["image"][1].to_numpy().astype(int) - RGB).max() <= 1


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("phlippe+saved_models/tutorial8/tensorboards/events.out.tfevents.MNIST", 90),
        ("YaraAlnaggar+SqueezeSeg/logs/events.out.tfevents.1568201454.A1060", 18),
    ],
)
def test_pictures_of_the_corpus_are_as_large_as_they_say(path: str, count: int) -> None:
    values = read_values(corpus_file(path))
    frame = images_frame(
        [value for value in values if value.message.WhichOneof("value") == "image"]
    )
    assert len(frame) >= count
    assert set(frame["format"]) == {"png"}
    for row in frame.iloc[::10].itertuples():
        assert row.image.to_numpy().shape[:2] == (row.height, row.width)
