"""Strangers' Markdown as HTML that can do nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# What Markdown makes, and nothing that loads, runs or is sent.
_NAMES = """
    a b blockquote br code dd del dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup
    table tbody td th thead tr ul
"""
_TAGS = set(_NAMES.split())
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"align"}, "th": {"align"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # HTML in the text is shown as it stands there; a picture would be fetched from somewhere.
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def markdown_to_html(text: str) -> str:
    """Renders Markdown (CommonMark with tables) to HTML that is safe in a page.

    markdown-it-py renders and escapes, then nh3 takes out every element, attribute and link scheme
    that is not known to be harmless: neither alone has to be without a hole. A picture becomes a
    link to it.

    Args:
        text: The Markdown; whatever a stranger wrote.
    """
    import nh3

    html = _parser().disable("image").render(text)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
