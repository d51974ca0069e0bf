"""A part of the screen that is drawn in lines of cells; only lines that differ are sent."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tbtools.render.format import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

    from tbtools.render.terminal.chart import Cells

# Where there are no colours, what is chosen is told by reverse video.
_REVERSE = "reverse"
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@lru_cache(maxsize=512)
def _style(text: str) -> Style:
    return Style.parse(text)


class Pane(Widget, can_focus=True):
    """Draws lines of cells: texts, each with its style. Names in them must be printable."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._cells: list[Cells] = []
        self._strips: list[Strip] = []
        self._base = Style.null()

    def lines(self, width: int, height: int) -> Sequence[Cells]:
        """What the pane shows, line by line; at most `height`."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws anew; the terminal gets the lines that have changed."""
        if not self.size:
            return
        width, height = self.size
        drawn = list(self.lines(width, height))[:height]
        drawn += [[]] * (height - len(drawn))
        before, self._cells = self._cells, drawn
        if len(before) != height:
            self._strips = [_strip(cells, width) for cells in drawn]
            self.refresh()
            return
        changed = [row for row in range(height) if drawn[row] != before[row]]
        for row in changed:
            self._strips[row] = _strip(drawn[row], width)
        if changed:
            self.refresh(*(Region(0, row, width, 1) for row in changed))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines for Textual, all in the style of now, which takes as long to find as a line."""
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """A line for Textual."""
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
        return strip.apply_style(self._base)

    def chosen_style(self) -> str:
        """How what is chosen is marked: more strongly where keys go to."""
        if not self.app.has_colors:  # type: ignore[attr-defined]
            return _REVERSE
        name = "primary" if self.has_focus else "surface-lighten-2"
        color = self.app.theme_variables.get(name, "")
        if not _COLOR.fullmatch(color[:7]):  # a theme of the terminal's own colours
            return _REVERSE
        return f"{_text_on(color)} on {color[:7]}" if self.has_focus else f"on {color[:7]}"

    def marked(self, style: str, chosen: bool) -> str:
        """A style, as it is on the chosen line, or on another."""
        if not chosen:
            return style
        mark = self.chosen_style()
        return f"{style} {mark}" if mark.startswith("on ") else mark

    def title(self, text: str, behind: str, width: int) -> Cells:
        """The first line: what the pane is, and where in it one is."""
        style = f"bold {self.chosen_style()}" if self.has_focus else "bold"
        room = width - cell_len(text) - cell_len(behind) - 2
        if room < 1:
            return [(set_cell_size(f" {text}", width), style)]
        return [(f" {text}{' ' * room}{behind} ", style)]

    def on_resize(self) -> None:
        """Draws for the new size."""
        self._cells = []
        self.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Shows where keys go to."""
        super().watch_has_focus(_has_focus)
        self.redraw()


class ListPane(Pane):
    """A list with a line an item, of which one is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)", "up"),
        ("down,j", "move(1)", "down"),
        ("pageup", "move(-10)", "ten up"),
        ("pagedown", "move(10)", "ten down"),
        ("home,g", "move(-1000000)", "first"),
        ("end,G", "move(1000000)", "last"),
        ("enter", "choose", "show in the charts"),
    ]
    # Lines above the first item.
    HEAD = 1

    class Moved(Message):
        """Another item is the chosen one."""

        def __init__(self, pane: ListPane) -> None:
            super().__init__()
            self.pane = pane

    class Chosen(Moved):
        """The chosen item is to be shown."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.cursor = 0
        self._top = 0

    def count(self) -> int:
        """How many items there are."""
        raise NotImplementedError

    def place(self) -> str:
        """Where in the list the chosen item is."""
        count = self.count()
        return f"{format_count(self.cursor + 1)}/{format_count(count)}" if count else "none"

    def window(self, height: int) -> range:
        """The items that are seen."""
        room = max(1, height - self.HEAD)
        self.keep_cursor()
        self._top = max(min(self._top, self.cursor, self.count() - room), self.cursor - room + 1, 0)
        return range(self._top, min(self._top + room, self.count()))

    def keep_cursor(self) -> None:
        """Keeps the cursor on an item, where there are fewer now."""
        self.cursor = max(0, min(self.cursor, self.count() - 1))

    def action_move(self, by: int) -> None:
        """Chooses another item."""
        self.move_to(self.cursor + by)

    def move_to(self, item: int) -> None:
        """Chooses an item, or the nearest."""
        wanted = max(0, min(item, self.count() - 1))
        if wanted != self.cursor:
            self.cursor = wanted
            self.redraw()
            self.post_message(self.Moved(self))

    def action_choose(self) -> None:
        """Has the chosen item shown."""
        if self.count():
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        """Chooses the item under the pointer; twice has it shown."""
        if event.y >= self.HEAD:
            self.move_to(self._top + event.y - self.HEAD)
            if event.chain == 2:
                self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Goes on in the list."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Goes back."""
        self.action_move(-3)


def _text_on(color: str) -> str:
    red, green, blue = bytes.fromhex(color[1:7])
    # Luma after ITU-R BT.601: black on what is light.
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 150 else "#ffffff"


def _strip(cells: Cells, width: int) -> Strip:
    segments = [Segment(text, _style(style)) for text, style in cells]
    return Strip(segments).adjust_cell_length(width)
