"""What names tags besides the tags themselves, and follows when they are renamed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.wire import bytes_field, contents, with_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Bytes = Callable[[bytes], bytes]

# Fields of messages, from the outside to the names (tensorflow/core/framework/summary.proto and
# tensor.proto, tensorboard/plugins/custom_scalar/layout.proto and plugins/hparams/plugin_data.proto
# and api.proto). A layout is the text of a string tensor, a metric stands in its tag's metadata.
_TENSOR, _STRINGS, _CATEGORIES, _CHARTS = 8, 8, 2, 2
_LINES, _MARGINS, _EXPRESSIONS, _SERIES, _MARGIN_TAGS = 2, 3, 1, 1, (1, 2, 3)
_PLUGIN_CONTENT, _METRIC_NAME = (9, 1, 2), (2, 5, 1)
_METRIC_GROUP, _METRIC_TAG = 1, 2
_TENSOR_NAME = re.compile(r"""\btensor_name\s*:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


@dataclass(frozen=True, slots=True)
class Followers:
    """Names of tags in layouts, hyperparameters' metrics and the projector's config.

    Attributes:
        names: Old name to new, of all tags of all runs that are kept.
        renaming: What becomes of the name of a tag that is not there; it refuses none.
        groups: Tags to the run below their own to which they go, of those that do.
    """

    names: Mapping[str, str]
    renaming: Callable[[str], str]
    groups: Mapping[str, str] = field(default_factory=dict)

    def tag(self, name: str) -> str:
        """What a name becomes."""
        return self.names[name] if name in self.names else self.renaming(name)

    def layout(self, value: bytes) -> bytes:
        """A Summary.Value with a custom scalars layout, of which the charts show the same tags."""
        from tbtools.eventfile import messages

        margins = dict.fromkeys(_MARGIN_TAGS, self._text(self.tag))
        chart = {
            _LINES: _inside(_EXPRESSIONS, self._text(self.expression)),
            _MARGINS: _inside(_SERIES, lambda series: with_contents(series, margins)),
        }
        charts = _inside(_CATEGORIES, _inside(_CHARTS, lambda each: with_contents(each, chart)))
        texts = _if_sound(messages.Layout, charts)
        return _if_sound(messages.Value, _inside(_TENSOR, _inside(_STRINGS, texts)))(value)

    def metrics(self, value: bytes) -> bytes:
        """A Summary.Value whose metadata declare the metrics of hyperparameters."""
        from tbtools.eventfile import messages

        change: Bytes = self._metric_name
        for number in reversed(_METRIC_NAME):
            change = _inside(number, change)
        content = _if_sound(messages.HParamsPluginData, change)
        for number in reversed(_PLUGIN_CONTENT):
            content = _inside(number, content)
        return _if_sound(messages.Value, content)(value)

    def _metric_name(self, name: bytes) -> bytes:
        """A MetricName; its group is the run below that of the hyperparameters."""
        tags = contents(name, _METRIC_TAG)[-1:]
        group = self.groups.get(tags[0].decode(errors="surrogateescape")) if tags else None
        renamed = with_contents(name, {_METRIC_TAG: self._text(self.tag)})
        if group is None:
            return renamed
        above = [each for each in contents(name, _METRIC_GROUP)[-1:] if each]
        whole = b"/".join([*above, group.encode(errors="surrogateescape")])
        return bytes_field(_METRIC_GROUP, whole) + with_contents(
            renamed, {_METRIC_GROUP: lambda _: None}
        )

    def expression(self, text: str) -> str:
        """A regular expression that matches the tags which one has matched before.

        TensorBoard looks for a match at the beginning of the tag. Of several that do, the one is
        taken that is most like the old one.
        """
        found = _matched(text, self.names)
        if found is None:
            return text
        wanted = {self.names[name] for name in found}
        simple = [text, self.renaming(text)]
        if not found:
            return simple[-1]
        if text in self.names:
            simple += [self.names[text], re.escape(self.names[text])]
        # Of a name that others begin with, `$` tells where it ends.
        for candidate in (*simple, *(f"{each}$" for each in simple)):
            if _matched(candidate, self.names.values()) == wanted:
                return candidate
        return f"(?:{'|'.join(map(re.escape, sorted(wanted)))})$"

    def projector_config(self, text: str) -> str:
        """The text of a projector's config; tensorboardX and torch put the step behind the tag."""
        return _TENSOR_NAME.sub(self._tensor_name, text)

    def _tensor_name(self, found: re.Match[str]) -> str:
        from google.protobuf import text_format

        from tbtools.eventfile import messages

        name = (
            text_format.Parse(f"embeddings {{ {found[0]} }}", messages.ProjectorConfig())
            .embeddings[0]
            .tensor_name
        )
        tag, colon, step = name.rpartition(":")
        changed = f"{self.tag(tag)}:{step}" if colon and step.isdecimal() else self.tag(name)
        if changed == name:
            return found[0]
        config = messages.ProjectorConfig(embeddings=[{"tensor_name": changed}])
        shown: str = text_format.MessageToString(config.embeddings[0], as_utf8=True)
        return shown.rstrip("\n")

    @staticmethod
    def _text(change: Callable[[str], str]) -> Bytes:
        def changed(content: bytes) -> bytes:
            name = content.decode(errors="surrogateescape")
            return change(name).encode(errors="surrogateescape")

        return changed


def _inside(number: int, change: Bytes) -> Bytes:
    """A change of a message, of what makes a change of one of its fields."""
    return lambda message: with_contents(message, {number: change})


def _if_sound(kind: Any, change: Bytes) -> Bytes:
    """A change of messages that leaves alone what is none: strangers' bytes."""
    from google.protobuf.message import DecodeError

    def changed(content: bytes) -> bytes:
        try:
            kind.FromString(content)
        except DecodeError:
            return content
        return change(content)

    return changed


def _matched(expression: str, tags: Iterable[str]) -> set[str] | None:
    """Which tags an expression matches; None where it is none."""
    try:
        pattern = re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return None
    return {tag for tag in tags if pattern.match(tag)}
