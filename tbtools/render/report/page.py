"""The page: one HTML file with everything in it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.render.report.data import PageData

PlotlyJs = Literal["inline", "cdn", "directory"]
PLOTLY_SCRIPTS: tuple[PlotlyJs, ...] = get_args(PlotlyJs)
# The name that the page looks for beside itself with plotlyjs="directory".
PLOTLY_FILE = "plotly.min.js"

_PLOTLY_ASSET = "plotly-cartesian.min.js"
_PLOTLY_VERSION = "4.1.1"

# In this order they make one script: what a file uses stands in those before it.
_SCRIPTS = (
    "format.js",
    "dom.js",
    "data.js",
    "smooth.js",
    "state.js",
    "embedded.js",
    "link.js",
    "live.js",
    "where.js",
    "coloring.js",
    "scale.js",
    "grouping.js",
    "axes.js",
    "marks.js",
    "labels.js",
    "view.js",
    "figure.js",
    "download.js",
    "tooltip.js",
    "card.js",
    "single.js",
    "overview.js",
    "media.js",
    "differences.js",
    "compare.js",
    "structures.js",
    "combined.js",
    "rows.js",
    "panel.js",
    "runtable.js",
    "runlist.js",
    "sidebar.js",
    "help.js",
    "hparams.js",
    "main.js",
)

# What makes a file a module, for tools and for tests: imports, and the word in front of what is
# exported.
_MODULE_LINES = re.compile(r"^import \{[^}]*\} from \"[^\"]*\";\n|^export ", re.MULTILINE)

_STYLES = ("base.css", "controls.css", "overview.css", "charts.css", "ending.css")

# In a frame of an open page that looks for the next one (live.js) a page says which it is, and is
# read no further.
_FIRST = """if (parent !== window && location.search.endsWith("version")) {
  parent.postMessage(document.documentElement.dataset.version, "*");
  window.stop();
}
"""

_PAGE = """<!doctype html>
<html lang="en" data-version="{version}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<script>{first}</script>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="tbtools">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="page">{data}</script>
<script type="text/plain" id="numbers">{numbers}</script>
<script>{script}</script>
{plotly}
</body>
</html>
"""


def plotly_js() -> str:
    """The part of plotly.js that draws what pages have: lines, points and heat maps.

    It is its makers' own package ``plotly.js-cartesian-dist-min``, byte by byte, a third of all of
    plotly.js. ``plotly-LICENSE`` beside it is theirs.
    """
    return _asset(_PLOTLY_ASSET)


def render_page(data: PageData, plotlyjs: PlotlyJs) -> Iterator[str]:
    """The page as texts, one behind the other: a copy of the whole would be most of what it takes.

    The policy in it lets only its own scripts run, by their hashes, and nothing be fetched; a page
    that is written anew may show itself in a frame, to see whether it has become another one.

    Args:
        data: What is shown.
        plotlyjs: Whether plotly.js stands in the page, comes from its maker's server when the page
            is opened, or lies beside the page.
    """
    script = _script()
    plotly, source = _plotly(plotlyjs)
    told, numbers = _json(data), data.columns.to_base64()
    parts = {
        "policy": _policy(script, source, live=data.page["live"] is not None),
        "version": _version(told, numbers),
        "first": _FIRST,
        "title": html.escape(data.page["title"]),
        "style": "\n".join(_asset(name) for name in _STYLES),
        "body": _asset("page.html"),
        "data": told,
        "numbers": numbers,
        "script": script,
        "plotly": plotly,
    }
    for text, name, _, _ in Formatter().parse(_PAGE):
        yield text
        if name:
            yield parts[name]


def _version(*texts: str) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()[:16]


def _asset(name: str) -> str:
    return files("tbtools.render.report").joinpath("assets", name).read_text("utf-8")


def _script() -> str:
    """All modules as one script: what they import from one another stands above in it."""
    parts = "\n".join(_MODULE_LINES.sub("", _asset(name)) for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _json(data: PageData) -> str:
    """JSON in which no string can end the element that it stands in."""
    text = json.dumps(data.page, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if not text.isascii():  # a lone surrogate cannot be written as UTF-8
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("<", "\\u003c")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


@cache
def _plotly(plotlyjs: PlotlyJs) -> tuple[str, str]:
    """The script element for plotly.js, and what the policy has to allow for it.

    To deflate it takes 60 ms, and a process may write many pages, or one again and again.
    """
    code = plotly_js()
    if plotlyjs == "inline":
        # Deflated, as text, which main.js runs when the tables are on the screen.
        packed = base64.b64encode(zlib.compress(code.encode(), 9)).decode("ascii")
        return f'<script type="text/plain" id="plotly">{packed}</script>', f"'{_hash(code)}'"
    if plotlyjs == "directory":
        return f'<script src="{PLOTLY_FILE}"></script>', "'self' file:"
    url = f"https://cdn.plot.ly/plotly-cartesian-{_PLOTLY_VERSION}.min.js"
    element = f'<script src="{url}" integrity="{_hash(code)}" crossorigin="anonymous"></script>'
    return element, url


def _policy(script: str, plotly_source: str, *, live: bool) -> str:
    """Runs our scripts, shows what stands in the page, fetches nothing.

    Styles are let be: plotly.js sets them on elements, and nothing of a stranger's is markup.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(_FIRST)}' '{_hash(script)}' {plotly_source}",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "media-src data:",
            *(["frame-src 'self' file:"] if live else []),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
