"""Webhooks, against a server on loopback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tbtools.errors import InvalidArgument
from tbtools.live.delivery import Delivery, Failure
from tbtools.live.webhooks import Webhook
from tests.live.test_commands import HOSTILE, alarm_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server:
    """Answers posts with statuses, one after the other; the last one stays."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.bodies: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.bodies.append(json.loads(self.rfile.read(size)))
                status = outer.statuses[0]
                if len(outer.statuses) > 1:
                    outer.statuses.pop(0)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/secret"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def sent(webhook: Webhook, folder: Path, pauses: tuple[float, ...]) -> list[tuple[str, str]]:
    """What is told of an alarm that is delivered with these pauses."""
    delivery = Delivery(pauses)
    done = []
    delivery.send(webhook, alarm_about(folder), lambda: done.append(1))
    delivery.close()
    assert done == [1]
    return delivery.failures()


def test_plain_json_is_the_event(server: Server, tmp_path: Path) -> None:
    Webhook.parse(server.url).deliver(alarm_about(tmp_path))
    [body] = server.bodies
    assert (body["event"], body["run"], body["finding"]["kind"]) == ("finding", "a", "nonfinite")
    assert (body["pid"], body["condition"]) == ("42", "nonfinite")


def test_slack_and_discord_get_their_shapes_and_nobody_is_called(
    server: Server, tmp_path: Path
) -> None:
    alarm = alarm_about(tmp_path, f"<!channel>@everyone {HOSTILE}")
    Webhook.parse(f"slack+{server.url}").deliver(alarm)
    Webhook.parse(f"discord+{server.url}").deliver(alarm)
    slack, discord = server.bodies
    assert slack.keys() == {"text"}
    assert slack["text"].startswith("&lt;!channel&gt;@everyone")
    assert "\x1b" not in slack["text"]
    assert discord["allowed_mentions"] == {"parse": []}
    assert "loss: nonfinite" in discord["content"]


@pytest.mark.parametrize(
    ("url", "shape"),
    [("https://hooks.slack.com/services/T/B/x", "slack"), ("https://example.org/x", "plain"),
     ("https://discord.com/api/webhooks/1/x", "discord"), ("slack+http://mm.local/x", "slack")],
)  # fmt: skip
def test_the_shape_is_that_of_the_host(url: str, shape: str) -> None:
    assert Webhook.parse(url).shape == shape


@pytest.mark.parametrize(
    "url", ["", "example.org/x", "ftp://a/b", "file:///etc/passwd", "http://[", "http://a b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Webhook.parse(url)
    assert url == "" or url not in str(refused.value)


def test_a_server_in_trouble_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.statuses = [503, 429, 200]
    told = sent(Webhook.parse(server.url), tmp_path, (0.0, 0.0, 0.0))
    assert [message for _, message in told] == [
        "webhook 127.0.0.1 HTTP status 503; tried again in 0 s",
        "webhook 127.0.0.1 HTTP status 429; tried again in 0 s",
    ]
    assert len(server.bodies) == 3


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (404, 1), (302, 1)])
def test_it_is_given_up_in_the_end_or_at_once(
    server: Server, tmp_path: Path, status: int, tries: int
) -> None:
    server.statuses = [status]
    *_, (run, message) = sent(Webhook.parse(server.url), tmp_path, (0.0, 0.0))
    assert run == "a"
    assert "given up" in message
    assert "secret" not in message
    assert len(server.bodies) == tries


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="refused"):
        Webhook.parse("http://127.0.0.1:9/x").deliver(alarm_about(tmp_path))
