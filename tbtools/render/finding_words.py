"""A finding in a few words, where there is no room for its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_count, format_rounded

if TYPE_CHECKING:
    from tbtools.analysis.detect import Finding


def finding_words(finding: Finding) -> str:
    """``spike at 400``; of a plateau its level, too: ``plateau at 2.303 since step 1,200``."""
    step = format_count(finding.onset_step)
    if finding.kind != "plateau":
        return f"{finding.kind} at {step}"
    return f"plateau at {format_rounded(finding.evidence['level'], 4)} since step {step}"
