"""Digests of what the families of the fifth set make.

python -m benchmarks.blind.fifth.frozen > benchmarks/blind/fifth/frozen.json
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.blind.third.frozen import digests

FROZEN = Path(__file__).with_name("frozen.json")


if __name__ == "__main__":
    from benchmarks.blind.fifth import FIFTH

    print(json.dumps(digests(FIFTH), indent=1))
