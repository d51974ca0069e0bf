"""What `tbtools watch` takes of a core: 1,000 runs, of which 50 write, looked at every 2 seconds.

python -m benchmarks.watching [SECONDS] [screen]
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import tbtools

RUNS, WRITING, POINTS, EVERY = 1000, 50, 500, 2.0
TAGS = ("train/loss", "val/loss", "lr", "grad_norm")


def main(seconds: float, *, screen: bool) -> None:
    """Prints the share of a core, and the memory, after the first look.

    Args:
        seconds: How long it is measured.
        screen: Whether the whole screen is shown, on a terminal of 120 columns, or nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        writers = [written(Path(folder, f"sweep{run // 100}", f"run{run}")) for run in range(RUNS)]
        with started(folder, screen=screen) as watch:
            step = POINTS
            step = write_for(writers[:WRITING], 5 * EVERY, step)
            begun, before = time.monotonic(), cpu_seconds(watch.pid)
            write_for(writers[:WRITING], seconds, step)
            used = cpu_seconds(watch.pid) - before
            memory = Path(f"/proc/{watch.pid}/statm").read_text().split()[1]
            share = used / (time.monotonic() - begun)
            watch.terminate()
        print(f"{share:.2%} of a core, {int(memory) * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} MB")


def started(folder: str, *, screen: bool) -> subprocess.Popen[bytes]:
    """The watch, in a process of its own."""
    command = [sys.executable, "-m", "tbtools", "watch", folder, *([] if screen else ["--quiet"])]
    env = os.environ | {"TBTOOLS_STATE": "off", "TBTOOLS_CACHE": "off"}
    if not screen:
        return subprocess.Popen(command, env=env)
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    watch = subprocess.Popen(command, env=env, stdin=its, stdout=its, stderr=its)
    os.close(its)
    threading.Thread(target=drain, args=(mine,), daemon=True).start()
    return watch


def drain(terminal: int) -> None:
    """Takes what is drawn, as a terminal does."""
    with contextlib.suppress(OSError):  # the other end is closed
        while os.read(terminal, 65536):
            pass


def written(directory: Path) -> tbtools.EventFileWriter:
    """A run that has been going on for a while."""
    writer = tbtools.EventFileWriter(directory)
    for step in range(POINTS):
        log(writer, step, time.time() - EVERY * (POINTS - step))
    writer.flush()
    return writer


def log(writer: tbtools.EventFileWriter, step: int, wall_time: float) -> None:
    """One step of a training."""
    for tag in TAGS:
        value = 2 / (1 + 0.01 * step) + random.gauss(0, 0.02)
        writer.add_scalar(tag, value, step, wall_time=wall_time)


def write_for(writers: list[tbtools.EventFileWriter], seconds: float, step: int) -> int:
    """Goes on for so long; returns the next step."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for writer in writers:
            log(writer, step, time.time())
            writer.flush()
        step += 1
        time.sleep(EVERY)
    return step


def cpu_seconds(pid: int) -> float:
    """The time that a process has had on a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    seconds = [each for each in sys.argv[1:] if each != "screen"]
    main(float(seconds[0]) if seconds else 60.0, screen="screen" in sys.argv)
