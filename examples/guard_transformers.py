"""A callback that stops a Hugging Face Trainer when tbtools finds that its log went wrong.

    trainer = Trainer(..., args=TrainingArguments(report_to="tensorboard", ...),
                      callbacks=[Guard("runs/mine")])

`directory` is the `logging_dir` of the arguments.
"""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

import tbtools

KINDS = ("divergence", "nonfinite", "explosion", "collapse")


class Guard(TrainerCallback):  # type: ignore[misc]
    """Asks at each evaluation; reads only what is new."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.log: tbtools.Experiment | None = None
        self.finding: tbtools.Finding | None = None

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stops the training at the first finding that is settled and going on."""
        if not state.is_world_process_zero:
            return
        try:
            self.log = self.log or tbtools.load(self.directory)
        except tbtools.NoEventFiles:  # nothing was logged yet
            return
        self.log.refresh()
        for finding in tbtools.detect(self.log):
            if finding.ongoing and finding.fails(KINDS):
                self.finding = finding
                control.should_training_stop = True
