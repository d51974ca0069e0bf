"""Judges curves that come from elsewhere: any frame with steps and values will do.

    python examples/judge_a_frame.py

Here a CSV of another tracker stands for it: one column a series, the step as the index.
"""

from __future__ import annotations

import io

import pandas as pd

import tbtools

CSV = """step,train_loss,val_loss
{rows}
"""


def history() -> str:
    """A training that overfits from step 3,000 on."""
    rows = []
    for epoch in range(1, 61):
        step = epoch * 100
        wobble = ((epoch * 7919) % 13 - 6) / 400
        train = 2.0 * 0.95**epoch + 0.1 + wobble
        val = 2.0 * 0.95 ** min(epoch, 30) + 0.2 + 0.02 * max(epoch - 30, 0) - wobble
        rows.append(f"{step},{train:.4f},{val:.4f}")
    return CSV.format(rows="\n".join(rows))


def main() -> None:
    """Prints what there is to say, and the step to go back to."""
    frame = pd.read_csv(io.StringIO(history()), index_col="step")
    for finding in tbtools.detect(frame):
        print(f"{finding.severity}: {finding.kind} in {finding.tag}: {finding.message}")
        print(f"  last good step: {finding.last_good_step}")


if __name__ == "__main__":
    main()
