"""Hyperparameters of a run, and what its writer said of the training session.

Everything is in the metadata of values under the tags ``_hparams_/…``, as messages of the plugin:
what was declared (`experiment`), what the session began with, how it ended.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tbtools.errors import UndecodablePayload
from tbtools.eventfile.wire import plugin_content
from tbtools.runs.data import SESSION_END_TAG
from tbtools.runs.plugins.payloads import all_values, row_bytes
from tbtools.runs.plugins.values import decoded, parse_message, readable, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from tbtools.runs.data import RunData
    from tbtools.runs.plugins.values import StoredValue, Undecodable

# What a google.protobuf.Value can be. Lists and dicts are allowed by the format; no writer that is
# known makes them.
HParamValue: TypeAlias = "bool | float | str | list[Any] | dict[str, Any] | None"

# The enums of tensorboard/plugins/hparams/api.proto, by number.
_STATUS = ("unknown", "success", "failure", "running")
_TYPES = ("unset", "string", "bool", "float64")
_DATASETS = ("unknown", "training", "validation")
# An HParamsPluginData with a SessionEndInfo (field 4) of status success and perhaps a time, as
# writers put it: it is known without protobuf, whose import takes longer than a small summary.
_USUAL_END = re.compile(rb'(?:\x08\x00)?"[\x02\x0b]\x08\x01(?:\x11.{8})?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class DeclaredHParam:
    """A hyperparameter as the experiment declares it.

    Attributes:
        name: Its name.
        display_name: How it is to be shown, "" for its name.
        description: Markdown, mostly "".
        type: unset, string, bool or float64.
        choices: The values that it may take, or None where they are not listed.
        interval: The smallest and largest value that it may take, or None.
    """

    name: str
    display_name: str = ""
    description: str = ""
    type: str = "unset"
    choices: tuple[HParamValue, ...] | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DeclaredMetric:
    """A scalar by which the experiment wants its sessions judged.

    Attributes:
        tag: Its tag.
        group: The run below the session's own that has the tag, "" for the session's own.
        display_name: How it is to be shown, "" for its tag.
        description: Markdown, mostly "".
        dataset: unknown, training or validation.
    """

    tag: str
    group: str = ""
    display_name: str = ""
    description: str = ""
    dataset: str = "unknown"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HParams(Mapping[str, HParamValue]):
    """The hyperparameters of a run: a mapping of their names to their values.

    Values keep the type in which they were stored. Numbers are stored as float64 and are floats:
    nothing in the file tells whether 16.0 was an int. torch stores a bool as a number; tensorboardX
    and TensorFlow keep it a bool. Two `HParams` are equal when their names and values are, as
    mappings are.

    Attributes:
        settings: Names and values, by name.
        group_name: Sessions of one group repeat the same hyperparameters; "" where not said.
        start_time: When the session began, in seconds since the epoch, or None.
        end_time: When it ended, likewise.
        status: unknown, success, failure or running; "status 9" for a number that has no name yet.
            torch and tensorboardX write success at once, with the hyperparameters.
        model_uri: Where the model is, "" where not said.
        monitor_url: Where to watch the session, likewise.
        declared: What the experiments of the run declare; those of other runs may declare more.
        metrics: The scalars by which they want the sessions judged.
        experiment: Their name, description, user and time_created as far as they are set.
    """

    settings: dict[str, HParamValue] = field(default_factory=dict)
    group_name: str = ""
    start_time: float | None = None
    end_time: float | None = None
    status: str = _STATUS[0]
    model_uri: str = ""
    monitor_url: str = ""
    declared: tuple[DeclaredHParam, ...] = ()
    metrics: tuple[DeclaredMetric, ...] = ()
    experiment: dict[str, str | float] = field(default_factory=dict)

    @classmethod
    def from_values(cls, values: Iterable[StoredValue]) -> HParams:
        """From the values of the hparams plugin of one run, in the order of their writing.

        Several sessions and experiments are joined: of a name that is set or declared again the
        latest counts. A session that starts after another one has ended has no end yet.

        Raises:
            UndecodablePayload: A value holds no message of the plugin.
        """
        joined = _Joined()
        for _, message in decoded(values, _message):
            joined.add(message)
        return joined.hparams()

    @classmethod
    def from_decodable(cls, values: Iterable[StoredValue]) -> tuple[HParams, list[Undecodable]]:
        """The same from the values that can be decoded, and what is wrong with each other one."""
        joined = _Joined()
        problems: list[Undecodable] = []
        for _, message in decoded(readable(values, problems), _message, problems):
            joined.add(message)
        return joined.hparams(), problems

    def __getitem__(self, name: str) -> HParamValue:
        return self.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def __len__(self) -> int:
        return len(self.settings)

    def to_frame(self) -> pd.DataFrame:
        """One row a hyperparameter: name, value (as it is)."""
        return rows_frame(list(self.settings.items()), {"name": "str", "value": "object"})

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain dicts, lists and values."""
        return asdict(self)

    def __repr__(self) -> str:
        return f"<HParams {self.settings!r}, status {self.status}>"


def read_hparams(run: RunData) -> HParams:
    """The hyperparameters of a run, of all its sessions, superseded or not.

    Raises:
        UndecodablePayload: A value holds no message of the plugin; the text names the run.
    """
    try:
        return HParams.from_values(all_values(run.parts, "hparams"))
    except UndecodablePayload as error:
        raise UndecodablePayload(f"run {run.name}: {error}") from error


def read_decodable_hparams(run: RunData) -> tuple[HParams, list[Undecodable]]:
    """What can be decoded of a run's hyperparameters, and what is wrong with the rest."""
    if (known := run.known_hparams) is not None:
        return known.hparams, known.problems
    return HParams.from_decodable(all_values(run.parts, "hparams"))


def ended_well(run: RunData) -> bool:
    """Whether the end of its training session, which it has, can be read and is no failure."""
    try:
        ends = [
            row_bytes(part.columns.rows, int(part.columns.of(series)[-1]))
            for part in run.parts
            for series in part.columns.series
            if series.tag == SESSION_END_TAG and series.count
        ]
    except UndecodablePayload:  # the file has changed, or cannot be read any more
        return False
    if all(_USUAL_END.fullmatch(plugin_content(end)) for end in ends):
        return True
    hparams, problems = read_decodable_hparams(run)
    return not problems and hparams.status in ("success", "unknown")


class _Joined:
    """The messages of a run, joined one by one."""

    def __init__(self) -> None:
        self._settings: dict[str, HParamValue] = {}
        self._session: dict[str, Any] = {}
        self._declared: dict[str, DeclaredHParam] = {}
        self._metrics: dict[tuple[str, str], DeclaredMetric] = {}
        self._experiment: dict[str, str | float] = {}

    def add(self, data: Any) -> None:
        """Joins one HParamsPluginData."""
        kind = data.WhichOneof("data")
        if kind == "session_start_info":
            self._start(data.session_start_info)
        elif kind == "session_end_info":
            self._session["status"] = _named(_STATUS, data.session_end_info.status, "status")
            self._session["end_time"] = data.session_end_info.end_time_secs or None
        elif kind == "experiment":
            self._declare(data.experiment)

    def _start(self, info: Any) -> None:
        self._settings |= {name: _plain(value) for name, value in info.hparams.items()}
        # The end that was noted is that of an earlier session.
        for name in ("status", "end_time"):
            self._session.pop(name, None)
        fields = {
            "group_name": info.group_name,
            "start_time": info.start_time_secs,
            "model_uri": info.model_uri,
            "monitor_url": info.monitor_url,
        }
        self._session |= {name: value for name, value in fields.items() if value}

    def _declare(self, experiment: Any) -> None:
        self._declared |= {info.name: _declared(info) for info in experiment.hparam_infos}
        metrics = [_metric(info) for info in experiment.metric_infos]
        self._metrics |= {(metric.group, metric.tag): metric for metric in metrics}
        fields = {name: getattr(experiment, name) for name in ("name", "description", "user")}
        fields["time_created"] = experiment.time_created_secs
        self._experiment |= {name: value for name, value in fields.items() if value}

    def hparams(self) -> HParams:
        """All of them."""
        return HParams(
            settings=dict(sorted(self._settings.items())),
            declared=tuple(self._declared.values()),
            metrics=tuple(self._metrics.values()),
            experiment=self._experiment,
            **self._session,
        )


def _message(value: StoredValue) -> Any:
    """The HParamsPluginData of a value.

    Raises:
        UndecodablePayload: It holds none.
    """
    from tbtools.eventfile import messages

    return parse_message(messages.HParamsPluginData, value.plugin_content, "hparams message")


def _declared(info: Any) -> DeclaredHParam:
    domain = info.WhichOneof("domain")
    choices = interval = None
    if domain == "domain_discrete":
        choices = tuple(_plain(value) for value in info.domain_discrete.values)
    elif domain == "domain_interval":
        interval = (info.domain_interval.min_value, info.domain_interval.max_value)
    return DeclaredHParam(
        info.name,
        info.display_name,
        info.description,
        _named(_TYPES, info.type, "type"),
        choices,
        interval,
    )


def _metric(info: Any) -> DeclaredMetric:
    return DeclaredMetric(
        info.name.tag,
        info.name.group,
        info.display_name,
        info.description,
        _named(_DATASETS, info.dataset_type, "dataset"),
    )


def _plain(value: Any) -> HParamValue:
    """A google.protobuf.Value as what it stands for; one without a kind is None."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "struct_value":
        return {name: _plain(item) for name, item in value.struct_value.fields.items()}
    if kind is None or kind == "null_value":
        return None
    plain: HParamValue = getattr(value, kind)
    return plain


def json_text(value: HParamValue, *, ascii_only: bool = False) -> str:
    """A hyperparameter as JSON; as JSON has no word for it, NaN is the string ``"NaN"``.

    Args:
        value: The hyperparameter.
        ascii_only: Whether other characters are escaped.
    """
    return json.dumps(json_value(value), ensure_ascii=ascii_only, allow_nan=False)


def json_value(value: HParamValue) -> HParamValue:
    """A hyperparameter that JSON can hold: NaN is the string ``"NaN"``, infinity likewise."""
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {name: json_value(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _named(names: tuple[str, ...], number: int, what: str) -> str:
    return names[number] if 0 <= number < len(names) else f"{what} {number}"
