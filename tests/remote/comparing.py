"""Whether commands say of remote logs what they say of local ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tbtools.eventfile.source import read_bytes
from tests.commands import Result, call
from tests.remote.conftest import FILE

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "summarize": ["LOGS"],
    "summarize json": ["LOGS", "--format", "json"],
    "summarize several": ["LOGS/a", "LOGS/b"],
    "verify": ["LOGS", "--all"],
    "inspect": ["LOGS/b/" + FILE],
    "inspect records": ["LOGS/b/" + FILE, "--records"],
    "detect": ["LOGS"],
    "explain": ["LOGS/a"],
    "diff": ["LOGS/a", "LOGS/b"],
    "smooth": ["LOGS/a", "-o", "-"],
    "aggregate": ["LOGS/a", "LOGS/b", "-o", "-"],
    "export": ["LOGS", "-o", "-"],
    "export texts": ["LOGS", "-o", "OUT/texts", "--data", "text"],
    "merge": ["LOGS/a", "-o", "OUT/merged"],
    "best": ["LOGS", "--by", "loss"],
    "repair": ["LOGS/b", "-o", "OUT/repaired"],
    "compact": ["LOGS", "--thin", "16", "-o", "OUT/compact"],
    "edit": ["LOGS", "--exclude-tag", "loss", "-o", "OUT/edited"],
    "plot": ["LOGS"],
    "figure": ["LOGS", "-o", "OUT/f.tex"],
    "report": ["LOGS", "-o", "OUT/report.html"],
}


def run(command: str, logs: str, out: Path) -> Result:
    name = command.partition(" ")[0]
    out.mkdir(exist_ok=True)
    filled = [each.replace("LOGS", logs).replace("OUT", str(out)) for each in COMMANDS[command]]
    done = call(name, *filled)
    # Columns are as wide as the paths in them.
    shown = (re.sub(r"[ ─]+", " ", text.replace(logs, "LOGS")) for text in (done.out, done.err))
    out, err = shown
    return Result(done.status, out, re.sub(r"\d+ requests?, .* received\n", "", err))


def hold_the_same(command: str, local: str, remote: str, folder: Path) -> None:
    """Runs a command on both, which writes into the folder; only where they lie is another."""
    expected = run(command, local, folder / "out")
    result = run(command, remote, folder / "elsewhere")
    if "OUT" in " ".join(COMMANDS[command]):
        assert (result.status, result.err) == (expected.status, expected.err)
        assert written(folder / "elsewhere") == written(folder / "out")
    else:
        assert result == expected, (result, expected)


def written(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


def hold_an_output(url: str, logs: Path, folder: Path) -> None:
    """Writes a result to a URL, and once more; it is what is written to a local file."""
    assert call("detect", str(logs), "-o", str(folder / "local.json")).status == 0
    assert call("detect", str(logs), "-o", url).status == 0
    assert read_bytes(url) == (folder / "local.json").read_bytes()
    again = call("detect", str(logs), "-o", url)
    assert (again.status, "exists; name another" in again.err) == (2, True)
    assert call("detect", str(logs), "-o", url, "--force").status == 0
    assert read_bytes(url) == (folder / "local.json").read_bytes()
    missing = call("detect", str(logs), "-o", f"{url}/below/r.json")
    assert (missing.status, missing.err.count("\n")) == (2, 1)
