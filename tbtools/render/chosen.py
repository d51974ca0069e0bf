"""The stored values of a plugin that a selection means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection, Selector


def chosen_values(
    run: Run, plugin: str, selector: Selector, selection: Selection
) -> Iterator[StoredValue]:
    """The values of a plugin, read one by one.

    Args:
        run: The run.
        plugin: The plugin.
        selector: What chooses the tags, and remembers them at once.
        selection: The steps.
    """
    tags = {
        part.shown_tag(each.tag)
        for whole in run.data.parts
        for part, chosen in [selector.choose(whole)]
        for each in chosen
    }
    return (
        value for value in run.values(plugin)
        if value.tag in tags and selection.has_step(value.step)
    )  # fmt: skip
