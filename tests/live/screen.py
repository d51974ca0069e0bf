"""The application without a terminal: keys that are pressed, and what is seen then."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import textual._wait

from tbtools.live.app.app import WatchApp
from tbtools.live.follower import Follower
from tbtools.live.state import GivenAlarms
from tbtools.live.watch import Plan, Watch
from tbtools.live.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

    from tbtools.live.app.settings import Settings

_PATIENCE = 3000  # pauses
# How often it is looked whether all that a key has set off is done: three times a key, each with a
# sleep that is 20 ms long, which is most of what these tests would take.
textual._wait.SLEEP_GRANULARITY = 0.004


def watch_of(
    directory: Path, clock: Callable[[], float], interval: float = 60.0, **watched: object
) -> Watch:
    follower = Follower(
        Watched([str(directory)], cache=False, **watched),  # type: ignore[arg-type]
        clock=clock, share=1, history=True,
    )  # fmt: skip
    alarms = GivenAlarms(None)
    return Watch(follower, Plan(interval=interval), alarms)


def screen_of(
    watch: Watch,
    size: tuple[int, int] = (120, 36),
    keys: Sequence[str] = (),
    *,
    then: Callable[[WatchApp], object] | None = None,
    settings: Settings | None = None,
    settings_path: Path | None = None,
    ascii_only: bool = False,
    colors: bool = True,
    many_colors: bool = True,
) -> str:
    """Presses keys one after the other, and gives the screen after them.

    Args:
        watch: What is watched.
        size: Columns and rows.
        keys: Textual's names of keys; a text behind ``type:`` is typed, one behind ``wait:`` is
            waited for.
        then: Called with the application before it ends.
        settings: As of the application.
        settings_path: Likewise.
        ascii_only: Likewise.
        colors: Likewise.
        many_colors: Likewise.
    """
    app = WatchApp(
        watch,
        "logs",
        settings,
        settings_path,
        ascii_only=ascii_only,
        colors=colors,
        many_colors=many_colors,
    )

    async def play() -> str:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(app, pilot)
            for key in keys:
                if key.startswith("wait:"):
                    await appears(app, pilot, key.removeprefix("wait:"))
                    continue
                typed = list(key.removeprefix("type:")) if key.startswith("type:") else [key]
                await pilot.press(*typed)
                await settle(app, pilot)
            seen = text_of(app)
            if then is not None:
                then(app)
            return seen

    # In a thread of its own: Playwright's tests leave a loop that runs in this one.
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(lambda: asyncio.run(play())).result()
    if app.trouble is not None:
        raise app.trouble
    return seen


async def appears(app: WatchApp, pilot: Pilot[None], text: str) -> None:
    """Waits until a text is on the screen."""
    for _ in range(_PATIENCE):
        await pilot.pause()
        if text in text_of(app):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{text} has not appeared:\n{text_of(app)}")


async def settle(app: WatchApp, pilot: Pilot[None]) -> None:
    """Waits until the reader has read what the screen wants to show."""
    for _ in range(_PATIENCE):
        await pilot.pause()
        if app.trouble is not None:
            raise app.trouble
        is_shown = app.snapshot.shown == app.charts.wanted()
        if app.snapshot.time and not app.reader.is_asked and is_shown:
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the reader has not come to an end")


def text_of(app: WatchApp) -> str:
    """What is on the screen, line by line, without blanks at the ends."""
    strips = app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
