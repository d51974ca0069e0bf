"""The keys, on a screen of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tbtools.live.app.charts_pane import ChartsPane
from tbtools.live.app.pane import ListPane
from tbtools.live.app.runs_pane import RunsPane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType

_SIGNS = {
    "plus,equals_sign": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "ctrl+c,q": "q, Ctrl-C",
    "ctrl+p": "Ctrl-P",
    "tab": "Tab",
    "space": "Space",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}
_KEYS_WIDTH = 14
_FILTER = """\
 Filter     words are parts of names, or globs          seed*
            status: is a state or a kind of finding     status:stalled
            a relation asks hyperparameters and tags,   lr>=1e-3 val/loss<2
            as --where does; all of it must be true
 Marks      ! error   ? warning   v or ▼ where a finding began
 Curves     of the runs kept with Space; as long as none is, of the first ones
            in the list; the chosen run is drawn on top"""


class HelpScreen(ModalScreen[None]):
    """What each key does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,question_mark,enter", "dismiss", "back"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll {
        width: 84; max-width: 100%; height: auto; max-height: 100%;
        background: $panel; color: $foreground; padding: 1 2; scrollbar-size: 0 0;
    }
    """

    def __init__(self, app_keys: Iterable[BindingType], *, ascii_only: bool) -> None:
        super().__init__()
        self._sections = (
            ("Everywhere", app_keys),
            ("Lists", ListPane.BINDINGS),
            ("Runs", RunsPane.BINDINGS),
            ("Charts", ChartsPane.BINDINGS),
        )
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        """The text, which may be longer than the screen."""
        with VerticalScroll():
            yield Static(self.text(), markup=False)

    def text(self) -> str:
        """All keys, by where they hold."""
        lines = []
        for title, bindings in self._sections:
            lines.append(f" {title}")
            lines += [f"   {_shown(key):{_KEYS_WIDTH}} {told}" for key, told in _told(bindings)]
            lines.append("")
        text = "\n".join([*lines, _FILTER])
        return text.replace("v or ▼", "v") if self._ascii else text.replace("v or ▼", "▼")


def _told(bindings: Iterable[BindingType]) -> Iterable[tuple[str, str]]:
    for each in bindings:
        if isinstance(each, Binding):
            yield each.key, each.description
        else:
            yield each[0], each[2]  # type: ignore[misc]


def _shown(key: str) -> str:
    return _SIGNS.get(key) or key.replace(",", ", ").replace("shift+", "Shift-")
