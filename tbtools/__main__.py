"""`python -m tbtools` is `tbtools`: where it starts, and how it ends at once."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn

_TROUBLE, _INTERRUPTED = 2, 130
# Objects more than there were, and more than imports make; 700 is what Python takes.
_GARBAGE_FROM = 200_000


def _end(status: int, reason: str) -> NoReturn:
    """Says why, and waits for nothing, Python's own end included."""
    if sys.stderr is not None:  # closed by the caller: another file may have its number
        with contextlib.suppress(OSError):  # the terminal is gone
            os.write(2, f"tbtools: {reason}\n".encode(errors="backslashreplace"))
    os._exit(status)


def main() -> None:
    """The entry point; what it needs is imported where a signal is no traceback."""
    # A command makes what it shows, and ends: looking for rubbish takes a third of the
    # time of a summary of ten thousand runs.
    gc.set_threshold(_GARBAGE_FROM)
    try:
        from tbtools.cli.signals import take_signals

        take_signals(_end)
        from tbtools.cli.main import main as run

        status = run()
    except KeyboardInterrupt:  # before the signals were taken
        _end(_INTERRUPTED, "interrupted")
    except (MemoryError, ImportError, OSError) as error:  # not even what tells it can be had
        _end(_TROUBLE, str(error) or "out of memory")
    # Python looks for it once more where it ends: at all objects, which go away anyway.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
