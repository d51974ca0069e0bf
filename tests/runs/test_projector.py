"""Embeddings of the projector: real ones, odd ones and hostile ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboardX import SummaryWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.projector import CONFIG_NAME, Embedding, read_embeddings

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
LABELS = ["zero", "one", "größe", "a\u2028b"]


def table(directory: Path, *lines: str, metadata: str | None = None, **fields: Any) -> Embedding:
    """An embedding of the lines given."""
    (directory / "tensors.tsv").write_text("\n".join(lines), encoding="utf-8")
    if metadata is not None:
        (directory / "metadata.tsv").write_bytes(metadata.encode())
        fields["metadata_path"] = "metadata.tsv"
    return Embedding(directory, "e", "tensors.tsv", **fields)


@pytest.mark.parametrize("writer_class", [SummaryWriter, TorchWriter])
def test_what_the_writers_write(tmp_path: Path, writer_class: Any) -> None:
    with writer_class(str(tmp_path)) as writer:
        writer.add_embedding(VECTORS, LABELS, global_step=5, tag="plain")
        writer.add_embedding(
            VECTORS * 2,
            [[label, str(index)] for index, label in enumerate(LABELS)],
            global_step=6,
            tag="with/slash",
            metadata_header=["word", "number"],
        )
        writer.add_embedding(VECTORS, global_step=7)
    plain, columns, bare = read_embeddings(tmp_path)
    assert [each.name for each in (plain, columns, bare)] == [
        "plain:00005", "with/slash:00006", "default:00007",
    ]  # fmt: skip
    np.testing.assert_array_equal(plain.vectors(), VECTORS, strict=True)
    assert plain.to_frame()["label"].tolist() == LABELS
    frame = columns.to_frame()
    assert list(frame.columns) == ["word", "number", "d0", "d1", "d2"]
    assert frame["word"].tolist() == LABELS
    assert frame["number"].tolist() == ["0", "1", "2", "3"]
    np.testing.assert_array_equal(frame[["d0", "d1", "d2"]].to_numpy(), VECTORS * 2)
    assert list(bare.to_frame().columns) == ["d0", "d1", "d2"]
    assert bare.metadata().shape == (4, 0)


def test_a_single_column_may_have_a_header(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_embedding(VECTORS, [[label] for label in LABELS], metadata_header=["word"])
    (embedding,) = read_embeddings(tmp_path)
    assert embedding.metadata()["word"].tolist() == LABELS


def test_sprites_are_named(tmp_path: Path) -> None:
    pictures = np.zeros((4, 3, 8, 8), dtype=np.float32)
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_embedding(VECTORS, label_img=pictures)
    (embedding,) = read_embeddings(tmp_path)
    assert embedding.sprite_size == (8, 8)
    assert (tmp_path / embedding.sprite_path).is_file()


def test_columns_without_a_header_are_numbered(tmp_path: Path) -> None:
    embedding = table(tmp_path, "1\t2", "3\t4", metadata="a\tb\r\nc\td\r\n")
    assert embedding.metadata().to_dict("list") == {"label_0": ["a", "c"], "label_1": ["b", "d"]}


def test_empty_labels_are_labels(tmp_path: Path) -> None:
    embedding = table(tmp_path, "1", "2", "", metadata="\n\n")
    assert embedding.vectors().tolist() == [[1.0], [2.0]]
    assert embedding.metadata()["label"].tolist() == ["", ""]


@pytest.mark.parametrize("vectors", [VECTORS, np.zeros((4, 3), dtype=np.float32)])
def test_raw_vectors_have_the_shape_that_the_config_says(
    tmp_path: Path, vectors: np.ndarray[Any, Any]
) -> None:
    (tmp_path / "tensors.bytes").write_bytes(vectors.tobytes())
    (tmp_path / CONFIG_NAME).write_text(
        'embeddings { tensor_name: "e" tensor_path: "tensors.bytes"'
        " tensor_shape: 4 tensor_shape: 3 }"
    )
    (embedding,) = read_embeddings(tmp_path)
    np.testing.assert_array_equal(embedding.vectors(), vectors, strict=True)


def test_text_as_long_as_raw_vectors_would_be_is_text(tmp_path: Path) -> None:
    embedding = table(tmp_path, "1\t2", tensor_shape=(1, 1))
    (tmp_path / "tensors.tsv").write_text("1.25")
    assert embedding.vectors().tolist() == [[1.25]]


@pytest.mark.parametrize(
    ("lines", "metadata", "message"),
    [
        ([""], None, "no vectors"),
        (["1\t2", "3"], None, "no table of numbers"),
        (["1\tx"], None, "no table of numbers"),
        (["1", "2"], "a\nb\nc\nd\n", "4 lines for 2 points"),
        (["1", "2"], "", "0 lines for 2 points"),
        (["1", "2"], "a\tb\nc\n", "lines of more or fewer than 2 columns"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    tmp_path: Path, lines: list[str], metadata: str | None, message: str
) -> None:
    with pytest.raises(UndecodablePayload, match=message):
        table(tmp_path, *lines, metadata=metadata).to_frame()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    embedding = table(tmp_path, "1")
    (tmp_path / "tensors.tsv").write_bytes(b"\xff\xfe")
    with pytest.raises(UndecodablePayload, match="no UTF-8"):
        embedding.vectors()


def test_nothing_outside_of_the_run_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.tsv"
    secret.write_text("1\t2\n")
    run = tmp_path / "run"
    run.mkdir()
    (run / "link.tsv").symlink_to(secret)
    (run / "parent").symlink_to(tmp_path)
    (tmp_path / "run-2").mkdir()
    (tmp_path / "run-2" / "x.tsv").write_text("1\n")
    hostile = [
        "../secret.tsv", str(secret), "link.tsv", "parent/secret.tsv", "../run-2/x.tsv",
        "a/../../secret.tsv", "/etc/passwd",
    ]  # fmt: skip
    for path in hostile:
        with pytest.raises(UndecodablePayload, match="is no file inside"):
            Embedding(run, "e", path).vectors()
        (run / "tensors.tsv").write_text("1\n")
        with pytest.raises(UndecodablePayload, match="is no file inside"):
            Embedding(run, "e", "tensors.tsv", metadata_path=path).metadata()


def test_an_absolute_path_into_the_run_is_read(tmp_path: Path) -> None:
    embedding = table(tmp_path, "1\t2")
    absolute = Embedding(tmp_path, "e", str(tmp_path / "tensors.tsv"))
    assert absolute.vectors().tolist() == embedding.vectors().tolist() == [[1.0, 2.0]]


def test_paths_that_no_system_takes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to("ring")
    os.mkfifo(tmp_path / "fifo")
    for path in ("x\0y", "x" * 5000, "ring", "fifo", "missing.tsv", "."):
        with pytest.raises(UndecodablePayload, match="of embedding 'e'"):
            Embedding(tmp_path, "e", path).vectors()


def test_an_embedding_in_a_checkpoint_says_so(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text(
        'model_checkpoint_path: "model.ckpt-5" embeddings { tensor_name: "emb" }'
    )
    (embedding,) = read_embeddings(tmp_path)
    with pytest.raises(UndecodablePayload, match=r"in a checkpoint \('model.ckpt-5'\)"):
        embedding.vectors()


def test_a_run_without_a_config_has_no_embeddings(tmp_path: Path) -> None:
    assert read_embeddings(tmp_path) == []


@pytest.mark.parametrize("text", [b"embeddings {", b"embeddings { tensor_name: 3 }", b"\xff"])
def test_a_broken_config_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / CONFIG_NAME).write_bytes(text)
    with pytest.raises(UndecodablePayload, match="no projector config"):
        read_embeddings(tmp_path)


def test_fields_that_a_newer_config_has_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text('embeddings { tensor_name: "e" new_field: 3 }')
    assert read_embeddings(tmp_path) == [Embedding(tmp_path, "e")]
