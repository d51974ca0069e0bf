"""The grammar of runs: the same seed makes the same run, and each run is what its label says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.detection.grammar.cases import Case, cases, outcome
from benchmarks.detection.grammar.command import MAKERS, print_grammar


def drawn(case: Case) -> list[tuple[str, str, bytes, bytes, bytes]]:
    """All that is in a run."""
    return [
        (session.run, tag, *(np.asarray(each).tobytes() for each in series))
        for session in case.drawn.sessions
        for tag, series in session.series.items()
    ]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_seed_makes_one_run(kind: str) -> None:
    some = list(cases(kind, MAKERS[kind], 4))
    [again] = cases(kind, MAKERS[kind], 1, first=3)
    assert drawn(again) == drawn(some[3]) != drawn(some[2])
    assert again.attributes == some[3].attributes
    for case in some:
        assert case.healthy == (not case.drawn.truths)
        for truth in case.drawn.truths:
            assert truth.window[0] <= truth.onset <= truth.window[1]
            series = {tag for one in case.drawn.sessions for tag in one.series}
            assert series & set(truth.tags)


def test_what_has_no_trouble_is_silent_and_what_has_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [sound] = cases("healthy", MAKERS["healthy"], 1)
    assert outcome(sound).found
    print_grammar(["nonfinite"], count=2, worst=2)
    rows = capsys.readouterr().out.splitlines()
    assert rows[2].startswith("| nonfinite | ")
