"""Corpora for language models, their tokens, and samples of them."""

from __future__ import annotations

import hashlib
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from reference_training.data.loader import Batch
from reference_training.data.streams import generator
from reference_training.errors import MissingData

HELD_OUT = 10
"""One tenth of a corpus, its end, is for validation."""

NOT_SOURCE = ("site-packages", "dist-packages", "test", "tests", "idlelib", "pydoc_data", "lib2to3")
"""Folders of the standard library that are left out: what others installed, tests, and the English
that fine-tuning is for."""


@dataclass(frozen=True)
class Vocabulary:
    """Which token stands for what.

    Attributes:
        characters: The characters in the order of their tokens, of which the last stands for all
            that were never seen; empty where tokens are bytes.
    """

    characters: str = ""

    @property
    def unit(self) -> str:
        """What a token is, as it stands in a tag."""
        return "character" if self.characters else "byte"

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self.characters) or 256

    def encode(self, content: bytes) -> torch.Tensor:
        """Tokens of UTF-8 text: (length,) of uint8 for bytes, int32 for characters."""
        if not self.characters:
            return torch.from_numpy(np.frombuffer(content, dtype=np.uint8).copy())
        codes = np.array([ord(each) for each in self.characters[:-1]])
        text = np.frombuffer(content.decode("utf-8", "replace").encode("utf-32-le"), dtype="<u4")
        order = np.argsort(codes)
        at = np.minimum(np.searchsorted(codes[order], text), len(codes) - 1)
        tokens = np.where(codes[order][at] == text, order[at], len(codes))
        return torch.from_numpy(tokens.astype(np.int32))

    def decode(self, tokens: torch.Tensor) -> str:
        """The text of tokens; bytes that are no UTF-8 become U+FFFD."""
        if not self.characters:
            return bytes(tokens.clamp(max=255).tolist()).decode("utf-8", "replace")
        return "".join(self.characters[token] for token in tokens.tolist())

    @classmethod
    def of(cls, content: bytes, level: str) -> Vocabulary:
        """The vocabulary of a text.

        Args:
            content: UTF-8 text.
            level: ``byte`` or ``character``.
        """
        if level == "byte":
            return cls()
        return cls("".join(sorted(set(content.decode("utf-8", "replace")))) + "\ufffd")


@dataclass(frozen=True)
class Corpus:
    """A text as tokens, with a part held out.

    Attributes:
        name: Where the text is from.
        vocabulary: What the tokens mean.
        train: (length,) of uint8 or int32.
        held_out: The same, for validation.
    """

    name: str
    vocabulary: Vocabulary
    train: torch.Tensor
    held_out: torch.Tensor

    def unigram_entropy(self) -> float:
        """Entropy of a held-out token drawn by the training part's frequencies, in nats.

        It is the loss of the best model that knows nothing of what came before, with one count
        added to each token (Laplace) for those that training never sees.
        """
        size = len(self.vocabulary)
        counts = torch.bincount(self.train.long(), minlength=size).double() + 1
        losses = -(counts / counts.sum()).log()
        return float(losses[self.held_out.long()].mean())

    def fingerprint(self) -> str:
        """Tells this corpus from others."""
        digest = hashlib.sha256(self.vocabulary.characters.encode())
        for part in (self.train, self.held_out):
            digest.update(part.numpy().tobytes())
        return digest.hexdigest()[:16]


class Windows:
    """Samples of a corpus: stretches of tokens, and the same one token later.

    Args:
        tokens: (length,), longer than a context.
        context: Tokens in a sample.
        batch_size: Samples in a batch, over all processes.
        seed: The run's seed.
    """

    def __init__(self, tokens: torch.Tensor, context: int, batch_size: int, seed: int) -> None:
        if len(tokens) <= context:
            raise MissingData(
                f"a corpus part of {len(tokens)} tokens is too short for a context of {context}"
            )
        self._tokens = tokens
        self._context = context
        self._batch_size = batch_size
        self._seed = seed

    def rows(self, step: int) -> torch.Tensor:
        """Where the samples of a step begin, anywhere in the corpus: (batch_size,) of int64."""
        last = len(self._tokens) - self._context
        random = generator(self._seed, "windows", step)
        return torch.randint(last, (self._batch_size,), generator=random)

    def spread_rows(self, count: int) -> torch.Tensor:
        """Where ``count`` samples begin that are spread evenly: always the same."""
        last = len(self._tokens) - self._context - 1
        return torch.linspace(0, last, count, dtype=torch.float64).long()

    def gather(self, rows: torch.Tensor) -> Batch:
        """The samples that begin at these places: each (len(rows), context) of int64."""
        at = rows[:, None] + torch.arange(self._context + 1)
        taken = self._tokens[at].long()
        return Batch(taken[:, :-1].contiguous(), taken[:, 1:].contiguous())


def read_corpus(
    path: Path | None,
    limit: int,
    level: str = "byte",
    vocabulary: Vocabulary | None = None,
    *,
    otherwise: str = "stdlib",
) -> Corpus:
    """Reads a text and makes it tokens.

    Args:
        path: A file; None takes what ``otherwise`` names.
        limit: Bytes to read at most; 0 is all.
        level: ``byte`` or ``character``.
        vocabulary: That of the model, where it has one already.
        otherwise: ``stdlib``, the source code of Python's standard library, or ``topics``, the
            English of its built-in help.

    Raises:
        MissingData: The file cannot be read, or there is no text.
    """
    if path is None:
        name, content = _SOURCES[otherwise](limit)
    else:
        name, content = path.name, _read_file(path, limit)
    vocabulary = vocabulary or Vocabulary.of(content, level)
    tokens = vocabulary.encode(content)
    held_out = len(tokens) // HELD_OUT
    if not held_out:
        raise MissingData(f"{name} has {len(content)} bytes: too few to learn from")
    return Corpus(name, vocabulary, tokens[:-held_out], tokens[-held_out:])


def _read_file(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit or -1)
    except OSError as error:
        raise MissingData(f"--corpus {path}: {error.strerror}") from error


def _standard_library(limit: int) -> tuple[str, bytes]:
    """Modules in an order that mixes them, so that the held-out end is like the rest."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found: list[Path] = []
    for directory, below, names in os.walk(root):
        below[:] = [name for name in below if name not in NOT_SOURCE]
        found += [Path(directory, name) for name in names if name.endswith(".py")]
    found.sort(key=lambda module: hashlib.sha256(str(module.relative_to(root)).encode()).digest())
    content = bytearray()
    for module in found:
        content += module.read_bytes()
        if limit and len(content) >= limit:
            break
    if not content:
        raise MissingData(f"no Python source under {root}: give a text with --corpus")
    version = sysconfig.get_python_version()
    return f"source code of Python {version}'s standard library", bytes(content[: limit or None])


def _help_topics(limit: int) -> tuple[str, bytes]:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise MissingData("this Python has no pydoc_data: give a text with --corpus") from error
    content = "\n\n".join(topics[name] for name in sorted(topics)).encode()
    return "help topics of Python", content[: limit or None]


_SOURCES = {"stdlib": _standard_library, "topics": _help_topics}
