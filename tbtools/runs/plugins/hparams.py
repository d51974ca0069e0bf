"""Hyperparameters of a run, and what its writer said of the training session.

Everything is in the metadata of values under the tags ``_hparams_/…``, as messages of the plugin:
what was declared (`experiment`), what the session began with, how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tbtools.runs.plugins.values import naming, parse_message, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue

# What a google.protobuf.Value can be. Lists and dicts are allowed by the format; no writer that is
# known makes them.
HParamValue: TypeAlias = "bool | float | str | list[Any] | dict[str, Any] | None"

# The enums of tensorboard/plugins/hparams/api.proto, by number.
_STATUS = ("unknown", "success", "failure", "running")
_TYPES = ("unset", "string", "bool", "float64")
_DATASETS = ("unknown", "training", "validation")


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
        declared: What the experiment declares; a declaration may stand in another run.
        metrics: The scalars that it wants to be judged by.
        experiment: Its name, description, user and time_created as far as they are said.
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

        A name that is written again, by a session that resumes the run, has its latest value.

        Raises:
            UndecodablePayload: A value holds no message of the plugin.
        """
        from tbtools.eventfile import messages

        found: dict[str, Any] = {"settings": {}}
        for value in values:
            with naming(value):
                data = parse_message(
                    messages.HParamsPluginData, value.plugin_content, "hparams message"
                )
            kind = data.WhichOneof("data")
            if kind == "session_start_info":
                found["settings"].update(_settings(data.session_start_info))
                found.update(_session_start(data.session_start_info))
            elif kind == "session_end_info":
                found["status"] = _named(_STATUS, data.session_end_info.status, "status")
                found["end_time"] = data.session_end_info.end_time_secs or None
            elif kind == "experiment":
                found.update(_experiment(data.experiment))
        found["settings"] = dict(sorted(found["settings"].items()))
        return cls(**found)

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


def _settings(info: Any) -> dict[str, HParamValue]:
    return {name: _plain(value) for name, value in info.hparams.items()}


def _session_start(info: Any) -> dict[str, Any]:
    return {
        "group_name": info.group_name,
        "start_time": info.start_time_secs or None,
        "model_uri": info.model_uri,
        "monitor_url": info.monitor_url,
    }


def _experiment(experiment: Any) -> dict[str, Any]:
    said = {name: getattr(experiment, name) for name in ("name", "description", "user")}
    return {
        "declared": tuple(_declared(info) for info in experiment.hparam_infos),
        "metrics": tuple(_metric(info) for info in experiment.metric_infos),
        "experiment": {
            name: value
            for name, value in {**said, "time_created": experiment.time_created_secs}.items()
            if value
        },
    }


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


def _named(names: tuple[str, ...], number: int, what: str) -> str:
    return names[number] if 0 <= number < len(names) else f"{what} {number}"
