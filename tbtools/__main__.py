"""`python -m tbtools` is `tbtools`: where it starts, and how an interrupt ends it."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """The entry point; what it needs is imported where an interrupt is no traceback."""
    try:
        from tbtools.cli.main import main as run

        status = run()
    except KeyboardInterrupt:
        os.write(2, b"tbtools: interrupted\n")
        # Nothing is waited for, and no second interrupt falls into Python's own end.
        os._exit(_INTERRUPTED)
    sys.exit(status)


if __name__ == "__main__":
    main()
