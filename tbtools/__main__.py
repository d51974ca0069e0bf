"""`python -m tbtools` is `tbtools`: where it starts, and how signals end it."""

from __future__ import annotations

import contextlib
import os
import sys

_TROUBLE, _SIGINT = 2, 2


def main() -> None:
    """The entry point; what it needs is imported where a signal is no traceback."""
    signals, status, ended = None, 0, 0
    try:
        from tbtools.cli.signals import Signals

        signals = Signals()
        signals.take()
        from tbtools.cli.main import main as run

        status = run()
        signals.release()
    except KeyboardInterrupt:
        ended = _SIGINT  # what holds files open goes with it; only behind this all is cleaned up
    except (MemoryError, ImportError, OSError) as error:  # not even what tells it can be had
        os.write(2, f"tbtools: {str(error) or 'out of memory'}\n".encode(errors="backslashreplace"))
        os._exit(_TROUBLE)
    if signals is not None and signals.caught:
        ended = signals.caught
    if ended:
        if sys.stderr is not None:  # closed by the caller: another file may have its number
            with contextlib.suppress(OSError):  # the terminal is gone
                os.write(2, b"tbtools: interrupted\n")
        # Nothing is waited for, and no second interrupt falls into Python's own end.
        os._exit(128 + ended)  # as shells have it
    sys.exit(status)


if __name__ == "__main__":
    main()
