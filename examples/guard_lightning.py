"""A callback that stops a Lightning Trainer when tbtools finds that its log went wrong.

trainer = Trainer(logger=TensorBoardLogger("runs"), callbacks=[Guard()], ...)
"""

from __future__ import annotations

from typing import Any

from lightning.pytorch.callbacks import Callback

import tbtools

KINDS = ("divergence", "nonfinite", "explosion", "collapse")


class Guard(Callback):  # type: ignore[misc]
    """Asks at the end of each validation; reads only what is new."""

    def __init__(self) -> None:
        self.experiment: tbtools.Experiment | None = None
        self.finding: tbtools.Finding | None = None

    def on_validation_end(self, trainer: Any, _module: Any) -> None:
        """Stops the training, on all processes, at a finding that is settled and going on."""
        if trainer.is_global_zero and not trainer.sanity_checking:
            self.finding = self.look(trainer.logger)
        if trainer.strategy.broadcast(self.finding is not None):
            trainer.should_stop = True

    def look(self, logger: Any) -> tbtools.Finding | None:
        """The first such finding; None as long as all is well."""
        logger.experiment.flush()
        if self.experiment is None:
            self.experiment = tbtools.load(logger.log_dir)
        self.experiment.refresh()
        found = tbtools.detect(self.experiment)
        return next((each for each in found if each.ongoing and each.fails(KINDS)), None)
