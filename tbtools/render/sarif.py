"""Findings as SARIF 2.1.0, which code hosts and CI servers show.

OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tbtools.vocabulary import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.judgement import Judgement
    from tbtools.runs.run import Run
    from tbtools.vocabulary import FindingKind, Severity

_SPECIFICATION = "https://docs.oasis-open.org/sarif/sarif/v2.1.0"
_SCHEMA = f"{_SPECIFICATION}/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_SHORT: dict[FindingKind, str] = {
    "nonfinite": "Values are NaN or infinite",
    "divergence": "The objective got worse for good",
    "collapse": "The scale fell for good by orders of magnitude, or to exactly zero",
    "explosion": "The scale grew for good by orders of magnitude",
    "plateau": "The objective no longer improves",
    "overfitting": "Validation gets worse while training still improves",
    "spike": "A jump that recovered",
    "stall": "A gap in time far beyond the run's own rhythm",
    "learning_rate": "The learning rate is zero, jumps, or has no warm-up that was asked for",
    "loss_scale": "The scale of the loss fell for good",
    "gradient": "Gradients are always clipped, or grow while the loss stands still",
    "throughput": "Training became slower for good",
}


def sarif_lines(
    judgement: Judgement, runs: Mapping[str, Run], unreadable: Mapping[str, str]
) -> Iterator[str]:
    """A result a finding; what could not be read is a notification of a run that did not succeed.

    Args:
        judgement: What was found.
        runs: The runs, by name.
        unreadable: Runs and paths that could not be read, with the reason.
    """
    kinds = list(dict.fromkeys(each.kind for each in judgement.findings))
    kinds.sort(key=FINDING_KINDS.index)
    results = [_result(each, runs[each.run], kinds) for each in judgement.findings]
    return log_lines({kind: _SHORT[kind] for kind in kinds}, results, unreadable)


def log_lines(
    rules: Mapping[str, str], results: Sequence[dict[str, Any]], unreadable: Mapping[str, str]
) -> Iterator[str]:
    """A whole log.

    Args:
        rules: The rules that results name, in their order, with what they say.
        results: The results.
        unreadable: Runs and paths that could not be read, with the reason.
    """
    from importlib.metadata import version

    driver = {
        "name": "tbtools",
        "version": version("tbtools"),
        "rules": [{"id": rule, "shortDescription": {"text": text}} for rule, text in rules.items()],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": not unreadable,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": sarif_message(f"{name}: {reason}"),
                        "locations": [_file(name)],
                    }
                    for name, reason in unreadable.items()
                ],
            }
        ],
        "results": list(results),
    }
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    # In ASCII, as all JSON of the commands.
    yield json.dumps(content, indent=2, allow_nan=False)


def _result(finding: Finding, run: Run, kinds: list[FindingKind]) -> dict[str, Any]:
    full = f"{finding.run}/{finding.tag}"
    return {
        "ruleId": finding.kind,
        "ruleIndex": kinds.index(finding.kind),
        "level": _LEVELS[finding.severity],
        "message": sarif_message(f"{finding.run}, {finding.tag}: {finding.message}"),
        # The last file is the one that a run which goes on is written to.
        "locations": [file_location(run.event_files[-1], finding.tag, full)],
        # By which a server knows the finding again: not by a step, which moves as the run goes on.
        "partialFingerprints": {"series/v1": f"{full}/{finding.kind}"},
        "properties": finding.to_dict(),
    }


def sarif_message(text: str) -> dict[str, str]:
    """A text in which nothing of a stranger's is a link or a place for an argument."""
    text = re.sub(r"([\\\[\]])", r"\\\1", text)
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def file_location(path: str, tag: str, full: str) -> dict[str, Any]:
    """Where a series lies: in a file, under its tag and full name."""
    logical = {"name": tag, "fullyQualifiedName": full, "kind": "member"}
    return {**_file(path), "logicalLocations": [logical]}


def _file(path: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": quote(os.fsencode(path))}}}
