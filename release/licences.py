"""What tbtools ships and asks for, with its licences.

``python -m release.licences`` writes both lists: docs/licences.md is for people, and
tbtools/sbom.cdx.json (CycloneDX 1.6), which lies in every wheel, for programs. Licences are those
that the installed packages state of themselves.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
SBOM = ROOT / "tbtools" / "sbom.cdx.json"
_PLOTLY = ROOT / "tbtools" / "render" / "report" / "assets" / "plotly-cartesian.min.js"
# Extras of who works on tbtools: nothing of them comes to a user.
_OURS = frozenset({"test", "test-reading", "dev", "docs", "release", "bench"})
# Words of packages that state no SPDX expression, to the expression.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}


def project() -> dict[str, Any]:
    """The table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def dependencies() -> dict[str, tuple[str, list[str]]]:
    """What a user may install: name to the least version, and the extras that ask for it."""
    table = project()
    asked = {"": table["dependencies"], **table["optional-dependencies"]}
    found: dict[str, tuple[str, list[str]]] = {}
    for extra in asked.keys() - _OURS:
        others = (each for each in asked[extra] if not each.startswith("tbtools["))
        for requirement in others:
            name, least = re.fullmatch(r"([\w.-]+)(?:\[.*\])?>=(.+)", requirement).groups()  # type: ignore[union-attr]
            found.setdefault(name, (least, []))[1].append(extra)
    return {name: (least, sorted(extras)) for name, (least, extras) in sorted(found.items())}


def licence(name: str) -> str:
    """The licence of an installed package, as an SPDX expression.

    Raises:
        PackageNotFoundError: It is not installed.
        KeyError: What it states is not known here: read it, and add the expression.
    """
    told: Any = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    text = (told.get("License") or "").strip()
    if re.fullmatch(r"[\w.-]+( OR [\w.-]+)*", text):
        return text
    if text.startswith("The MIT License"):
        return "MIT"
    if text in _SPDX:
        return _SPDX[text]
    classifiers = [each for each in told.get_all("Classifier", []) if each.startswith("License ::")]
    return _SPDX[classifiers[-1].rpartition(" :: ")[2]]


def plotly_version() -> str:
    """That of the plotly.js that pages hold."""
    with _PLOTLY.open(encoding="utf-8") as file:
        found = re.search(r"plotly\.js .*v(\d+\.\d+\.\d+)", file.read(500))
    assert found
    return found[1]


def page() -> str:
    """docs/licences.md."""
    lines = [
        "# Licences",
        "",
        "tbtools is under the Apache License 2.0. This page, and the bill of materials in",
        "CycloneDX that lies in every wheel (`tbtools/sbom.cdx.json`), are written by",
        "`python -m release.licences`.",
        "",
        "## In the package",
        "",
        "| what | version | licence | where |",
        "| --- | --- | --- | --- |",
        f"| plotly.js | {plotly_version()} | MIT | `tbtools/render/report/assets`, in pages |",
        "",
        "## Asked for",
        "",
        "Installed by pip from their own packages. None of them is copied into tbtools.",
        "",
        "| package | licence | for |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {licence(name)} | {', '.join(map(_reason, extras))} |"
            for name, (_, extras) in dependencies().items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _reason(extra: str) -> str:
    return f"extra `{extra}`" if extra else "tbtools"


def sbom() -> str:
    """tbtools/sbom.cdx.json, without a time and a serial number: it changes with what is in it."""
    version = project()["version"]
    own = f"pkg:pypi/tbtools@{version}"
    parts: list[dict[str, Any]] = [
        {
            "type": "library",
            "bom-ref": f"pkg:npm/plotly.js@{plotly_version()}",
            "name": "plotly.js",
            "version": plotly_version(),
            "purl": f"pkg:npm/plotly.js@{plotly_version()}",
            "licenses": [{"license": {"id": "MIT"}}],
            "scope": "required",
        }
    ]
    for name, (least, extras) in dependencies().items():
        reference = f"pkg:pypi/{name.lower()}"
        parts.append(
            {
                "type": "library",
                "bom-ref": reference,
                "name": name,
                "purl": reference,
                "licenses": [{"expression": licence(name)}],
                "scope": "required" if "" in extras else "optional",
                "properties": [{"name": "tbtools:requires", "value": f">={least}"}],
            }
        )
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": "tbtools",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [each["bom-ref"] for each in parts]}],
    }
    return json.dumps(content, indent=2) + "\n"


def main() -> None:
    """Writes both."""
    PAGE.write_text(page(), encoding="utf-8")
    SBOM.write_text(sbom(), encoding="utf-8")


if __name__ == "__main__":
    main()
