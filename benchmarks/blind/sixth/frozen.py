"""Digests of what the families of the sixth set make.

python -m benchmarks.blind.sixth.frozen > benchmarks/blind/sixth/frozen.json
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.blind.third.frozen import digests

FROZEN = Path(__file__).with_name("frozen.json")


if __name__ == "__main__":
    from benchmarks.blind.sixth import SIXTH

    print(json.dumps(digests(SIXTH), indent=1))
