"""Hugging Face's trainer_state.json: `log_history` of transformers.TrainerState.

Tags are those that the Trainer itself gives TensorBoard (`rewrite_logs` in
transformers/integrations/integration_utils.py): ``eval_loss`` is ``eval/loss``, ``loss`` is
``train/loss``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.eventfile.foreign.json_lines import parsed
from tbtools.eventfile.foreign.log import ForeignLog, as_hparam, encodable, refusal
from tbtools.eventfile.foreign.rows import Columns, Row, RowReader
from tbtools.eventfile.foreign.text import decoded
from tbtools.eventfile.source import read_bytes

if TYPE_CHECKING:
    from tbtools.eventfile.foreign.log import HParam, Reading

_PREFIXES = {"eval_": "eval/", "test_": "test/"}
# Of the fields of a TrainerState those that were chosen, and are no state.
_CHOSEN = (
    "max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps",
    "save_steps",
)  # fmt: skip


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The log in a trainer_state.json.

    Raises:
        OSError: It cannot be read, or is none.
    """
    try:
        state = parsed(decoded(read_bytes(path)))
    except ValueError as error:
        raise refusal(f"no JSON: {error}", path) from None
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list) or not all(isinstance(each, dict) for each in history):
        raise refusal("no trainer_state.json: it has no log_history", path)
    rows = [Row(_tagged(each, reading.step or "step"), n) for n, each in enumerate(history, 1)]
    names = dict.fromkeys(name for row in rows for name in row.cells)
    series = tuple(name for name in names if name != "step")
    logs = RowReader(Columns("step", None, None, None, series), modified).read(rows)
    log = logs.setdefault("", ForeignLog(modified))
    log.hparams = _hparams(state)
    return logs


def _tagged(entry: dict[str, Any], step: str) -> dict[str, object]:
    cells: dict[str, object] = {"step": entry.get(step)}
    for name, value in entry.items():
        if name != step:
            cells[_tag(name)] = value
    return cells


def _tag(name: str) -> str:
    for prefix, instead in _PREFIXES.items():
        if name.startswith(prefix):
            return instead + name.removeprefix(prefix)
    return f"train/{name}"


def _hparams(state: dict[str, Any]) -> dict[str, HParam]:
    trial = state.get("trial_params")
    chosen = {name: state[name] for name in _CHOSEN if state.get(name) is not None}
    found = {**chosen, **(trial if isinstance(trial, dict) else {})}
    return {encodable(name): as_hparam(value) for name, value in found.items()}
