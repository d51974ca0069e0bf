"""What runs say of themselves that judging them asks for: warm-ups, limits of gradients."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.payloads import row_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tbtools.runs.run import Run

    # From a run and words to values by name.
    Asked = Callable[[str, tuple[str, ...]], Mapping[str, Any]]

_SESSION_START = "_hparams_/session_start_info"
# The arguments of transformers' Trainer, as JSON.
_ARGUMENTS = "args/text_summary"


def hyperparameters(runs: Mapping[str, Run], hparams: Asked | None = None) -> Asked:
    """Gives what a run says of itself by its hparams, or by the arguments of transformers.

    Args:
        runs: All runs: the hyperparameters of a run may be those of one above it.
        hparams: Gives the hparams of a run in the same way, where who asks knows them better.

    Returns:
        A function from the name of a run and the words that are looked for in names, in lower
        case and without `_` and `-`, to values by name, of which others may be missing. Of runs
        that are never asked for nothing is read. A run whose files have changed meanwhile says
        nothing.
    """

    @cache
    def stored() -> bytes:
        sessions = (_stored(run, _SESSION_START) for run in runs.values())
        found = b"\n".join(data for values in sessions for data in values)
        return found.lower().translate(None, b"_-")

    @cache
    def declared() -> dict[str, Mapping[str, Any]]:
        from tbtools.runs.plugins.hparams_table import settings_above

        return {run: settings.values for run, (_, settings) in settings_above(runs).items()}

    @cache
    def of_run(name: str, words: tuple[str, ...]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        if hparams is not None:
            found |= hparams(name, words)
        # Decoding takes protobuf, whose import takes longer than a small log.
        elif any(word.encode() in stored() for word in words):
            found |= declared().get(name, {})
        return found | trainer_arguments(runs[name])

    return of_run


def trainer_arguments(run: Run) -> dict[str, Any]:
    """The arguments of transformers' Trainer by name; none where it wrote none."""
    found: dict[str, Any] = {}
    for data in _stored(run, _ARGUMENTS):
        found |= _arguments(data)
    return found


def hparams_with(runs: Mapping[str, Run], words: Collection[str]) -> dict[str, dict[str, Any]]:
    """The hparams of runs in whose names some words are, by run, of those that have such.

    Args:
        runs: All runs.
        words: The words, as for `hyperparameters`.
    """
    from tbtools.runs.plugins.hparams_table import settings_above

    found = {
        run: {name: value for name, value in own.values.items() if _has_one(name, words)}
        for run, (_, own) in settings_above(runs).items()
    }
    return {run: values for run, values in found.items() if values}


def _has_one(name: str, words: Collection[str]) -> bool:
    plain = name.lower().replace("_", "").replace("-", "")
    return any(word in plain for word in words)


def _stored(run: Run, tag: str) -> Iterator[bytes]:
    """The last value of a tag, undecoded."""
    for part in run.data.parts:
        for series in part.columns.series:
            if series.tag == tag and series.count:
                try:
                    yield row_bytes(part.columns.rows, int(part.columns.of(series)[-1]))
                except UndecodablePayload:  # the file has changed, or cannot be read any more
                    continue


def _arguments(data: bytes) -> dict[str, Any]:
    """The JSON that a text holds, which is stored as it is; nothing where it is none."""
    try:
        found = json.loads(data[data.find(b"{") : data.rfind(b"}") + 1])
    except ValueError:  # someone else's text
        return {}
    return found if isinstance(found, dict) else {}
