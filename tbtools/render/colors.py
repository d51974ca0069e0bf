"""Colours and lines of runs and findings: the same in the page, in figures and in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Chosen one after the other as the colour farthest from those before, in OKLab, for full colour
# vision and as protanopes, deuteranopes and tritanopes see it (matrices of Machado, Oliveira &
# Fernandes 2009); each has a contrast of 3:1 or more against white and against the dark page.
RUN_COLORS = (
    "#3072d0",
    "#f86111",
    "#a34e73",
    "#6ea078",
    "#b284c0",
    "#d02e1e",
    "#6887ff",
    "#c331aa",
    "#637039",
    "#17a92a",
)
# From low to high, for what has an order: the hue turns, and each has a contrast of 3:1 or more
# against white and against the dark page.
RAMP = ("#5573e0", "#9361d6", "#c94a9e", "#df5442", "#bd7d0e")
SEVERITY_COLORS = {"error": "#d1242f", "warning": "#bf8700", "info": "#57606a"}
# Of the line where a finding began, as Plotly has them.
SEVERITY_DASHES = {"error": "dash", "warning": "dot", "info": "dot"}


# How lines are drawn when the colours come round again: no two of sixty runs look alike.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def run_dashes(runs: Sequence[str]) -> dict[str, str]:
    """A kind of line for each run, in their order: another one each time the colours are used up.

    Args:
        runs: Names of the runs, all that are shown together.
    """
    return {run: DASHES[index // len(RUN_COLORS) % len(DASHES)] for index, run in enumerate(runs)}


def run_colors(runs: Sequence[str]) -> dict[str, str]:
    """A colour for each run, in their order; beyond ten runs they come again, see `run_dashes`.

    Args:
        runs: Names of the runs, all that are shown together.
    """
    return {run: RUN_COLORS[index % len(RUN_COLORS)] for index, run in enumerate(runs)}


def translucent(color: str, opacity: float) -> str:
    """A colour of six hexadecimal digits as one that lets through what lies behind it."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"rgba({red},{green},{blue},{opacity:g})"
