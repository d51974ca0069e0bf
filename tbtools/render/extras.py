"""Optional packages: named with the way to get them, before any work is done."""

from __future__ import annotations

from importlib.util import find_spec

from tbtools.errors import MissingExtra

_REPORT = ("plotly", "tsdownsample", "nh3", "markdown_it")


def require_report_extra(purpose: str) -> None:
    """Refuses where the packages of the extra ``report`` are not installed.

    Args:
        purpose: What they are needed for, as the message begins.

    Raises:
        MissingExtra: One is not there.
    """
    require_packages(purpose, "report", *_REPORT)


def require_packages(purpose: str, extra: str, *packages: str) -> None:
    """Refuses where packages of an extra are not installed.

    Args:
        purpose: What they are needed for, as the message begins.
        extra: The extra that brings them.
        packages: The names by which they are imported.

    Raises:
        MissingExtra: One is not there.
    """
    if any(find_spec(name) is None for name in packages):
        raise MissingExtra(purpose, extra)
