"""What the names of files say."""

from __future__ import annotations

import os
import re

# As TensorBoard calls what is downloaded of a curve.
_DOWNLOAD = re.compile(r"run-(?P<run>.+?)-tag-(?P<tag>.+)")
# Called so by the programs that write them, one in the directory of each run: Lightning's and
# others', Hugging Face's, Stable-Baselines3's, RLlib's, W&B's, MLflow's.
_OF_THE_DIRECTORY = frozenset(
    ("metrics", "trainer_state", "progress", "result", "history", "log", "meta")
)

# W&B has a directory for each run, and the run's id in the name.
_OF_A_RUN = ".wandb"


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def download_tag(path: str) -> str:
    """What a column ``Value`` is called: the tag that TensorBoard gave the file, or the file."""
    stem = _stem(path)
    found = _DOWNLOAD.fullmatch(stem)
    return found["tag"] if found else stem


def run_of(path: str) -> str:
    """The run that a file is one of, in its directory; "" for the directory's own."""
    stem = _stem(path)
    found = _DOWNLOAD.fullmatch(stem)
    if found:
        return "" if found["run"] == "." else found["run"]
    is_own = stem in _OF_THE_DIRECTORY or path.endswith(_OF_A_RUN)
    return "" if is_own else stem
