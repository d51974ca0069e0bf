"""The recipes for other programs, run with their own clients, which say what they have stored.

Each client that is missing is a test that skips; none is a dependency of tbtools.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tests.commands import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

TAG = "val/loss"
_RECIPE = r"```python {client}\n(.*?)```"

# What reads back, by each client's own means, {run: [[step, value], …]} of one tag.
READERS = {
    "mlflow": """
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = mlflow.MlflowClient()
found = {}
for run in client.search_runs([client.get_experiment_by_name("sweep").experiment_id]):
    assert float(run.data.params["learning_rate"]) > 0
    history = client.get_metric_history(run.info.run_id, TAG)
    assert all(1e12 < each.timestamp < 2e12 for each in history)  # milliseconds
    found[run.info.run_name] = [[each.step, each.value] for each in history]
""",
    "wandb": """
import glob, json, struct
from wandb.proto.wandb_internal_pb2 import Record

def records(path):  # LevelDB's log format, behind 7 bytes of W&B's
    data, position, part = open(path, "rb").read(), 7, b""
    while position + 7 <= len(data):
        if (room := 32768 - position % 32768) < 7:
            position += room
            continue
        _, size, kind = struct.unpack_from("<IHB", data, position)
        part += data[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):
            yield Record.FromString(part)
            part = b""

found = {}
for path in glob.glob("wandb/offline-run-*/*.wandb"):
    points = []
    for record in records(path):
        if record.HasField("run"):
            name = record.run.display_name
        if record.HasField("history"):
            items = record.history.item
            row = {each.key or "/".join(each.nested_key): each.value_json for each in items}
            if TAG in row:
                points.append([record.history.step.num, json.loads(row[TAG])])
    found[name] = points
""",
    "trackio": """
from trackio.sqlite_storage import SQLiteStorage

found = {
    run: [[row["step"], row[TAG]] for row in SQLiteStorage.get_logs("sweep", run) if TAG in row]
    for run in SQLiteStorage.get_runs("sweep")
}
""",
    "aim": """
found = {}
for key in aim.Repo(".").list_all_runs():
    run = aim.Run(key, repo=".", system_tracking_interval=None, capture_terminal_logs=False)
    assert run["hparams"]["learning_rate"] > 0
    [metric] = [each for each in run.metrics() if each.name == TAG]
    found[run.name] = metric.dataframe()[["step", "value"]].to_numpy().tolist()
""",
}  # fmt: skip


def run_recipe(client: str, reader: str, folder: Path) -> Any:
    """What a process prints as JSON that runs the recipe, and then what reads back."""
    if importlib.util.find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    page = (ROOT / "docs" / "recipes.md").read_text()
    [recipe] = re.findall(_RECIPE.format(client=client), page, re.DOTALL)
    (folder / "examples").symlink_to(ROOT / "examples")
    program = f"TAG = {TAG!r}\n{recipe}\n{reader}\nimport json\nprint()\nprint(json.dumps(found))"
    home = {"HOME": str(folder), "PYTHONPATH": str(ROOT), "WANDB_SILENT": "true"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, timeout=300,
        env=environment(**home), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", READERS)
def test_a_client_has_stored_every_point(client: str, tmp_path: Path) -> None:
    found = run_recipe(client, READERS[client], tmp_path)
    logs = tbtools.load(ROOT / "examples" / "logs" / "sweep")
    assert found == {
        name: run.scalars(TAG)[["step", "value"]].to_numpy().tolist() for name, run in logs.items()
    }


def test_sql_with_duckdb(tmp_path: Path) -> None:
    found = run_recipe("duckdb", "found = best", tmp_path)
    losses = (
        tbtools.read_scalars(ROOT / "examples" / "logs", TAG)
        .groupby("run", observed=True)["value"]
        .min()
    )
    assert dict(found) == losses.nsmallest(3).to_dict()
