"""Faults on request, so that whoever judges training curves has a truth to be judged by."""

from __future__ import annotations

from dataclasses import dataclass

DIVERGENCE_FACTOR = 300.0
"""By how much ``divergence`` multiplies the learning rate: a thousand-fold slip in a config (1 for
1e-3) less the room that cosine decay has already taken."""

KINDS = {
    "nan": "the loss is NaN at this step, and the step is taken",
    "divergence": f"the learning rate is {DIVERGENCE_FACTOR:g} times too high from this step on, "
    "without clipping",
    "spike": "the targets of this step's batch are shuffled",
    "plateau": "the learning rate is 0 from this step on",
    "collapse": "all weights and the optimizer's moments are zero from this step on: the model "
    "answers the same to everything, and no gradient leads away",
    "crash": "the process is killed (SIGKILL) before this step, once",
    "stall": "nothing happens for the given seconds before this step",
}
"""The faults, with what each does."""


@dataclass(frozen=True)
class Fault:
    """One fault that was asked for.

    Attributes:
        kind: One of `KINDS`.
        step: The optimizer step that it strikes; the first step is 1.
        seconds: How long a ``stall`` lasts; 0 for the others.
    """

    kind: str
    step: int
    seconds: float = 0.0

    def __str__(self) -> str:
        """The fault as the option ``--inject`` takes it."""
        return f"{self.kind}@{self.step}" + (f":{self.seconds:g}" if self.kind == "stall" else "")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Reads ``KIND@STEP``, or ``stall@STEP:SECONDS``.

        Raises:
            ValueError: It is neither; says what it should be.
        """
        kind, at, rest = text.strip().partition("@")
        number, colon, seconds = rest.partition(":")
        if kind not in KINDS or not at:
            raise ValueError(f"{text!r} is not KIND@STEP with KIND one of {', '.join(KINDS)}")
        if (kind == "stall") != bool(colon):
            raise ValueError(f"{text!r}: a stall, and nothing else, needs seconds: stall@STEP:2.5")
        try:
            fault = cls(kind, int(number), float(seconds or 0))
        except ValueError:
            raise ValueError(f"{text!r}: the step is an integer, seconds a number") from None
        if fault.step < 1 or not 0 <= fault.seconds < float("inf"):
            raise ValueError(f"{text!r}: the first step is 1, and seconds are not negative")
        return fault
