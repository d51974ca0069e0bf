"""Optional packages: named with the way to get them, before any work is done."""

from __future__ import annotations

from importlib.util import find_spec

from tbtools.errors import MissingExtra

_REPORT = ("plotly", "tsdownsample", "nh3", "markdown_it")
_MCP = ("mcp", "tsdownsample")


def require_report_extra(purpose: str) -> None:
    """Refuses where the packages of the extra ``report`` are not installed.

    Args:
        purpose: What they are needed for, as the message begins.

    Raises:
        MissingExtra: One is not there.
    """
    _require(_REPORT, purpose, "report")


def require_mcp_extra(purpose: str) -> None:
    """As `require_report_extra`, of the extra ``mcp``."""
    _require(_MCP, purpose, "mcp")


def _require(packages: tuple[str, ...], purpose: str, extra: str) -> None:
    if any(find_spec(name) is None for name in packages):
        raise MissingExtra(purpose, extra)
