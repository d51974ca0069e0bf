"""Whether runs look as if they repeated one another, such as seeds: what else they differ in."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from tbtools.runs.plugins.hparams_table import settings_above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.run import Run

# Words of hyperparameters, and of keys in names of runs, in which repeats differ: what is drawn,
# what counts them, where and when they ran, and where they wrote.
_OF_REPEATS = frozenset(
    {
        *("seed", "seeds", "rng", "state"),
        *("trial", "repeat", "repeats", "repetition", "replicate", "rep", "fold", "run", "runs"),
        *("id", "uuid", "name", "job", "version", "notes", "time", "date", "timestamp"),
        *("dir", "directory", "path", "folder", "file", "log", "logs", "logdir", "output"),
        *("save", "checkpoint", "resume", "host", "hostname", "node", "port"),
        *("device", "gpu", "cuda", "rank"),
    }
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SETTING = re.compile(r"([A-Za-z][\w.]*)=([^,;/ ]+?)(?=[,;/ ]|[-_][A-Za-z]|$)")
# Of names: ids of letters and digits, months of time stamps, numbers.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9])(?=[a-z]*\d)(?=\d*[a-z])(?:[0-9a-f]{6,}|[0-9a-z]{8})(?![A-Za-z0-9])"
    r"|(?<![A-Za-z])(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?=\d)|[\d.+-]+"
)
_MOST_NAMED = 3


def differences(
    groups: Mapping[str, Sequence[Sequence[str]]],
    runs: Mapping[str, Run],
    all_runs: Mapping[str, Run],
) -> dict[str, str]:
    """What runs differ in that are taken for repeats of one another.

    Their hyperparameters tell, and their names: those of repeats are the same but for numbers, time
    stamps and ids.

    Args:
        groups: The name of each group, and the runs that are taken for repeats in it.
        runs: Run name to run.
        all_runs: As for `settings_above`.

    Returns:
        In words, of the groups in which there is something.
    """
    unread = [run for run in all_runs.values() if not run.data.is_read]
    settings = settings_above(runs, all_runs)
    for run in unread:
        run.data.release()
    values = {name: own.values for name, (_, own) in settings.items()}
    told = {}
    for group, parts in groups.items():
        reasons = [_difference(names, values) for names in parts]
        if reason := next(filter(None, reasons), None):
            told[group] = reason
    return told


def _difference(names: Sequence[str], values: Mapping[str, Mapping[str, object]]) -> str | None:
    known = [values[name] for name in names if name in values]
    if differing := _differing_keys(known):
        return f"{_some(differing)} not the same in all"
    if differing := _differing_keys([dict(_SETTING.findall(name)) for name in names]):
        return f"{_some(differing)} not the same in all names"
    forms = {_NUMBER.sub("", _SETTING.sub(r"\1", name)).strip("/_-. "): name for name in names}
    if len(forms) > 1:
        return f"names differ in more than numbers: {_some(list(forms.values()))}"
    return None


def _differing_keys(settings: Sequence[Mapping[str, object]]) -> list[str]:
    keys = dict.fromkeys(key for own in settings for key in own)
    return [
        key
        for key in keys
        if not _OF_REPEATS & {word.lower() for word in _WORDS.findall(key)}
        and len({repr(own.get(key)) for own in settings}) > 1
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(islice(names, _MOST_NAMED)) + (f" and {more} more" if more > 0 else "")
