"""Digests of what the families of the fourth set make.

python -m benchmarks.blind.fourth.frozen > benchmarks/blind/fourth/frozen.json
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.blind.third.frozen import digests

FROZEN = Path(__file__).with_name("frozen.json")


if __name__ == "__main__":
    from benchmarks.blind.fourth import FOURTH

    print(json.dumps(digests(FOURTH), indent=1))
