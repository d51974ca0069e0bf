"""A regression test of training for pytest: is the candidate like the accepted runs?

CANDIDATE=logs/candidate ACCEPTED='logs/accepted' pytest examples/test_training_regression.py
"""

from __future__ import annotations

import os

import pytest

import tbtools


def test_the_candidate_is_like_the_accepted_runs() -> None:
    """Each tag lies in the band of the accepted runs, at all steps."""
    if "CANDIDATE" not in os.environ:
        pytest.skip("CANDIDATE and ACCEPTED name the logs")
    found = tbtools.diff_against(os.environ["CANDIDATE"], os.environ["ACCEPTED"])
    assert found.is_judged
    assert not found.failures, "\n".join(
        f"{tag.tag}: {tag.verdict} since step {tag.since_step}, z {tag.z}" for tag in found.failures
    )
