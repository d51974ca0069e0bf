"""Webhooks: an alarm posted to a URL, as plain JSON or in the shape of Slack or Discord."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tbtools.errors import InvalidArgument
from tbtools.live.delivery import Failure
from tbtools.render.format import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.live.alarms import Alarm

_SECONDS = 15.0  # a server that takes longer is tried again
# Slack: 40,000 characters; Discord: 2,000.
_LONGEST = 1900
# Statuses that a later try may change: it took too long, too many requests, the server's own.
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that alarms are posted to.

    Attributes:
        url: Where to; it is a secret, and is never shown whole.
        shape: ``plain``, ``slack`` or ``discord``.
    """

    url: str
    shape: str

    @classmethod
    def parse(cls, text: str) -> Webhook:
        """Reads a URL; ``slack+https://…`` and ``discord+https://…`` say the shape of other hosts.

        Raises:
            InvalidArgument: It is no URL of HTTP.
        """
        shape, plus, rest = text.partition("+")
        url = rest if plus and shape in _SHAPES else text
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            parts, host = urlsplit(""), ""
        if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
            raise InvalidArgument("a webhook is no URL such as https://host/path")
        if not plus or shape not in _SHAPES:
            shape = _HOSTS.get(host, "plain")
        return cls(url, shape)

    @property
    def label(self) -> str:
        """What it is called where it fails: without what is secret of it."""
        return f"webhook {printable(urlsplit(self.url).hostname or '')}"

    def deliver(self, alarm: Alarm) -> None:
        """Posts an alarm.

        Raises:
            Failure: The server cannot be reached, or refuses it.
        """
        body = json.dumps(_SHAPES[self.shape](alarm), allow_nan=False).encode()
        request = urllib.request.Request(  # noqa: S310 - `parse` takes HTTP alone
            self.url, body, {"Content-Type": "application/json", "User-Agent": "tbtools"}
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=_SECONDS):
                pass
        except urllib.error.HTTPError as error:
            with error:
                final = error.code < 500 and error.code not in _TRANSIENT
                raise Failure(f"HTTP status {error.code}", is_final=final) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise Failure(f"{reason}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A post that is sent elsewhere would become a get, and what is secret would go along."""

    def redirect_request(self, *_: Any) -> None:
        """Follows none."""
        return


def text_of(alarm: Alarm) -> str:
    """An alarm for people, in a line."""
    values = alarm.values
    what = f"{values['tag']}: {values['kind']}, " if "tag" in values else ""
    text = printable(f"{values['run']}: {what}{values['message']}")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _slack(alarm: Alarm) -> dict[str, Any]:
    """Slack's own three escapes, without which a name could call a whole channel."""
    text = text_of(alarm).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text}


def _discord(alarm: Alarm) -> dict[str, Any]:
    """Nobody is called, whatever the text says."""
    return {"content": text_of(alarm), "allowed_mentions": {"parse": []}}


_SHAPES: dict[str, Callable[[Alarm], dict[str, Any]]] = {
    "plain": lambda alarm: alarm.to_dict(),
    "slack": _slack,
    "discord": _discord,
}
_HOSTS = {"hooks.slack.com": "slack", "discord.com": "discord", "discordapp.com": "discord"}
