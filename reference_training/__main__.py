"""``python -m reference_training``."""

from __future__ import annotations

import sys

from reference_training.command_line import main

if __name__ == "__main__":
    sys.exit(main())
