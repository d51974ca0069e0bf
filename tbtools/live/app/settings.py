"""What of the screen is kept from one watch of a log directory to the next."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from tbtools.eventfile.index.cache import make_directory
from tbtools.render.files import replaced_whole

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Settings:
    """What the user has chosen.

    Attributes:
        theme: Textual's name of the theme.
        smoothing: TensorBoard's weight.
        x: What lies along the x axis.
        log: Whether the y axes are logarithmic.
        filter: The filter, as it was typed.
        runs: The runs that are kept in the charts.
        tags: The charts that are kept in front.
        view: What the charts show.
        superseded: Whether points are shown that restarts have superseded.
    """

    theme: str = "textual-dark"
    smoothing: float = 0.6
    x: str = "step"
    log: bool = False
    filter: str = ""
    runs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    view: str = "scalars"
    superseded: bool = False

    @classmethod
    def load(cls, path: Path | None) -> Settings:
        """Reads them; the usual ones where there are none, or none of this version."""
        if path is None:
            return cls()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            usual = cls()
            known = {
                each.name: found.get(each.name, getattr(usual, each.name)) for each in fields(cls)
            }
            known["runs"], known["tags"] = tuple(known["runs"]), tuple(known["tags"])
            if any(type(known[name]) is not type(getattr(usual, name)) for name in known):
                return usual
            return cls(**known)
        except (OSError, ValueError, TypeError, AttributeError):  # none, or of another version
            return cls()

    def save(self, path: Path | None) -> None:
        """Keeps them; where that cannot be, nothing is lost but a choice."""
        if path is None:
            return
        with contextlib.suppress(OSError):
            make_directory(str(path.parent))
            with replaced_whole(path, force=True) as file:
                file.write(json.dumps(asdict(self)))  # type: ignore[call-overload]
