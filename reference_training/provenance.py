"""Where a run comes from: enough to make it again."""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reference_training.device import Compute
    from reference_training.distributed import World

PACKAGES = ("torch", "tensorboardX", "tensorboard", "numpy")
"""Packages whose version decides what is computed or written."""


def provenance(compute: Compute, world: World, arguments: Sequence[str]) -> dict[str, str]:
    """What a run is made by, by name.

    Args:
        compute: The device.
        world: The processes.
        arguments: The command line behind ``python -m reference_training``.
    """
    found = {
        "command": f"python -m reference_training {shlex.join(arguments)}",
        "device": compute.describe(),
        "processes": str(world.size),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for package in PACKAGES:
        found[package] = _version(package)
    if torch.version.cuda:
        found["cuda"] = torch.version.cuda
    revision = git_revision(Path(__file__).parent)
    if revision:
        found["revision"] = revision
    return found


def git_revision(directory: Path) -> str:
    """The commit of a working tree, with ``+changes`` if it has any; "" where there is none."""
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*arguments: str) -> str | None:
        answer = subprocess.run(  # noqa: S603 - no shell, and no argument from outside
            [git, "-C", str(directory), *arguments], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip() if answer.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    if not commit:
        return ""
    return commit + ("+changes" if ask("status", "--porcelain", "--", ".") else "")


def table(rows: Mapping[str, Any]) -> str:
    """Names and values as a Markdown table, as the text dashboard shows it."""
    lines = ["| name | value |", "| --- | --- |"]
    for name, value in rows.items():
        text = str(value).replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {name} | {text} |")
    return "\n".join(lines)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def command_line() -> list[str]:
    """The arguments of this process."""
    return sys.argv[1:]
