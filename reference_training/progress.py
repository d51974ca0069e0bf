"""Says how the training goes, on stderr."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from reference_training.meter import Point

QUIET_SECONDS = 10.0
"""Seconds between two lines where stderr is no terminal, so that a job's log stays short."""

REDRAW_SECONDS = 0.1
"""Seconds between two drawings of the line on a terminal."""

RECENT_POINTS = 20
"""Speed and time left are of so many last points."""


class Progress:
    """A line with loss, speed and time left: drawn over itself on a terminal, else now and then.

    Args:
        total_steps: The last step.
        unit: What is counted, such as ``tokens``.
        units_per_step: How many of them in a step.
        stream: Where to write; None writes nothing.
    """

    def __init__(
        self, total_steps: int, unit: str, units_per_step: int, stream: TextIO | None
    ) -> None:
        self._total_steps = total_steps
        self._unit = unit
        self._units_per_step = units_per_step
        self._stream = stream
        self._terminal = stream is not None and stream.isatty()
        self._recent: deque[Point] = deque(maxlen=RECENT_POINTS)
        self._said_at = -float("inf")
        self._open_line = False

    def update(self, point: Point) -> None:
        """Takes a point, and shows it if it is time."""
        self._recent.append(point)
        now = time.monotonic()
        if now - self._said_at < (REDRAW_SECONDS if self._terminal else QUIET_SECONDS):
            return
        self._said_at = now
        if self._terminal:
            self._write("\r\x1b[K" + self.line())
            self._open_line = True
        else:
            self._write(self.line() + "\n")

    def line(self) -> str:
        """The line for the newest point."""
        point = self._recent[-1]
        seconds = sum(each.seconds for each in self._recent)
        step_seconds = seconds / sum(each.steps for each in self._recent)
        speed = self._units_per_step / step_seconds if step_seconds else 0.0
        return (
            f"step {point.step}/{self._total_steps}  loss {point.loss:.4f}  "
            f"{speed:,.0f} {self._unit}/s  {step_seconds * 1e3:.1f} ms/step  "
            f"{duration(step_seconds * (self._total_steps - point.step))} left"
        )

    def say(self, text: str) -> None:
        """Writes a line of its own."""
        self._write("\n" * self._open_line + text + "\n")
        self._open_line = False

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def of_first_process(first: bool) -> TextIO | None:
    """Where a process says things: only the first of several does."""
    return sys.stderr if first else None


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``3 min 20 s``."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
