"""The plugins that tbtools knows, a row a plugin: whoever has to know what a plugin is asks here.

Functions are named by dotted paths (``module:function``) and imported when they are called for:
this module is plain data, without NumPy, for the command line reads it, too. How the report shows
a plugin is in a table of the report's own, `tbtools.render.report.media.SECTIONS`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# How `diff` compares: value by value by their bytes, texts also line by line, settings by their
# meaning and not by their bytes, in which the time of writing stands.
Comparison = Literal["bytes", "lines", "settings"]


class Plugin(NamedTuple):
    """One plugin.

    Attributes:
        name: Its name in the metadata of tags.
        reader: What reads it in Python.
        kinds: Numbers of the fields of Summary.Value that belong to it whatever the metadata says.
        frame: Function of an iterable of StoredValues: a DataFrame of them.
        exports_table: Whether `export` writes all of it as one table.
        files: Function of a StoredValue: the files that `export` makes of it, each as the ending of
            its name and its content, and the shape of its tensor, if any. "" where it has none.
        compared: How `diff` compares it.
        lines: Function of a StoredValue: its lines, for what is compared line by line.
        noun: What is counted where the report has no place for it.
        described: What of, in words behind the noun.
    """

    name: str
    reader: str
    kinds: tuple[int, ...] = ()
    frame: str = ""
    exports_table: bool = False
    files: str = ""
    compared: Comparison = "bytes"
    lines: str = ""
    noun: str = "tag"
    described: str = ""


_HERE = "tbtools.runs.plugins"
_ROWS = (
    Plugin(
        "scalars",
        "run.tensors()",  # what is a scalar has a place of its own
        kinds=(2,),  # simple_value
        exports_table=True,
        described=" of the plugin scalars with other than one number a step",
    ),
    Plugin("hparams", "run.hparams", exports_table=True, compared="settings"),
    Plugin(
        "images",
        "run.images()",
        kinds=(4,),  # image
        frame=f"{_HERE}.images:images_frame",
        files=f"{_HERE}.images:image_files",
        described=" of images",
    ),
    Plugin(
        "audio",
        "run.audio()",
        kinds=(6,),  # audio
        frame=f"{_HERE}.audio:audio_frame",
        files=f"{_HERE}.audio:audio_files",
        described=" of audio",
    ),
    Plugin(
        "text",
        "run.text()",
        frame=f"{_HERE}.text:text_frame",
        files=f"{_HERE}.text:text_files",
        compared="lines",
        lines=f"{_HERE}.text:text_lines",
        described=" of text",
    ),
    Plugin(
        "histograms",
        "run.histograms()",
        kinds=(5, 3),  # histo, and the histogram that was there before it
        frame=f"{_HERE}.histograms:histograms_frame",
        described=" of histograms",
    ),
    Plugin(
        "pr_curves",
        "run.pr_curves()",
        frame=f"{_HERE}.pr_curves:pr_curves_frame",
        described=" of precision-recall curves",
    ),
    Plugin(
        "mesh",
        "run.meshes()",
        frame=f"{_HERE}.meshes:meshes_frame",
        described=" of meshes",
    ),
    Plugin(
        "custom_scalars",
        "run.custom_scalars()",
        noun="layout",
        described=" of custom scalars",
    ),
    Plugin("graph_keras_model", "run.graph()", noun="graph", described=" of Keras"),
    Plugin("graph_run_metadata", "run.run_metadata()", noun="traced step"),
    Plugin("graph_run_metadata_graph", "run.run_metadata()", noun="traced step"),
)
PLUGINS: dict[str, Plugin] = {plugin.name: plugin for plugin in _ROWS}


def plugin_named(name: str) -> Plugin:
    """The plugin's row; of one that is not in the table, what can be said of any."""
    return PLUGINS.get(name) or Plugin(
        name, "run.plugin_data()", described=f" of the plugin {name}"
    )


# What `export` writes as one table of numbers: of which plugin, and what makes its frame.
EXPORTED_FRAMES = {
    "histograms": ("histograms", f"{_HERE}.histograms:histograms_frame"),
    "distributions": ("histograms", f"{_HERE}.histograms:distributions_frame"),
    "pr_curves": ("pr_curves", f"{_HERE}.pr_curves:pr_curves_frame"),
}

# What it writes as files besides those of the plugins in the table: meshes, which lie under several
# tags; tensors that no plugin of ours shows; the graph of a run.
EXPORTED_FILES = ("tensors", "meshes", "graphs")


def export_kinds() -> tuple[str, ...]:
    """The kinds of data of which `export` writes a table or files."""
    own = (each.name for each in PLUGINS.values() if each.exports_table or each.files)
    return (*own, *EXPORTED_FRAMES, *EXPORTED_FILES)


def exports_files(data: str) -> bool:
    """Whether `export` writes such data as files, and not as a table."""
    return data in EXPORTED_FILES or (data in PLUGINS and bool(PLUGINS[data].files))


def function_at(path: str) -> Callable[..., Any]:
    """The function that a dotted path (``module:function``) names."""
    module, _, name = path.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
