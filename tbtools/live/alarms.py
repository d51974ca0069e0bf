"""What is told to commands and webhooks: an alarm, and the values that stand for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tbtools.errors import UndecodablePayload
from tbtools.live.run import writer_of

if TYPE_CHECKING:
    from tbtools.live.events import Event
    from tbtools.runs.run import Run

# What trainings call the number of their job when they log it.
_JOB_NAMES = ("slurm_job_id", "SLURM_JOB_ID", "job_id", "job")
# What cannot be an option, nor anything to a shell.
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]*")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a condition was met by.

    Attributes:
        condition: The condition, as it was given.
        event: What has happened.
        values: What is known of it, by the name of the placeholder. Those in `SAFE` hold nothing
            that could be an option or mean anything to a shell; all others may come from strangers.
    """

    condition: str
    event: Event
    values: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As commands read it on standard input, and webhooks get it."""
        mine = {name: self.values[name] for name in _ADDED if name in self.values}
        return {**self.event.to_dict(), "condition": self.condition, **mine}

    def to_json(self) -> str:
        """The same, in a line."""
        return json.dumps(self.to_dict(), allow_nan=False)


SAFE = frozenset({"event", "kind", "severity", "step", "last_good_step", "job", "host", "pid"})
_ADDED = ("logdir", "path", "job", "host", "pid")
PLACEHOLDERS = ("run", "tag", "message", "condition", "logdir", "path", *sorted(SAFE))


def alarm_of(condition: str, event: Event, run: Run, logdir: str) -> Alarm:
    """An alarm about a run.

    Args:
        condition: The condition, as it was given.
        event: What has happened.
        run: The run.
        logdir: The path under which it was found.
    """
    values = {
        "event": event.kind,
        "run": run.name,
        "message": event.message,
        "condition": condition,
        "logdir": logdir,
        "path": run.path if "://" in run.path else str(Path(run.path).absolute()),
    }
    finding = event.finding
    if finding is not None:
        values |= {
            "tag": finding.tag,
            "kind": finding.kind,
            "severity": finding.severity,
            "step": str(finding.onset_step),
        }
        if finding.last_good_step is not None:
            values["last_good_step"] = str(finding.last_good_step)
    return Alarm(condition, event, values | _writer_of(run))


def _writer_of(run: Run) -> dict[str, str]:
    """The host and process that write a run, and its job, as far as they can be known."""
    writer = writer_of(run)
    found = dict(zip(("host", "pid"), writer, strict=True)) if writer else {}
    try:
        hparams = run.hparams
    except UndecodablePayload:  # told where the run is looked at
        hparams = None
    for name in _JOB_NAMES if hparams is not None else ():
        value = hparams.get(name) if hparams is not None else None
        if isinstance(value, (str, float)):
            found["job"] = f"{value:.0f}" if isinstance(value, float) else value
            break
    return {name: value for name, value in found.items() if _SAFE.fullmatch(value)}
