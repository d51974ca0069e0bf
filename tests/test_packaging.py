"""The package as people install it: with a compiler and without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SOURCES = (
    "tbtools",
    "reference_training",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "mkdocs.yml",
    "release",
)

GENERATED = (".c", ".cpp")


def _sources(folder: Path) -> Path:
    """A copy of the sources: a build in place would leave its traces in the project."""
    sources = folder / "sources"
    sources.mkdir(parents=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.so", "*.c", "*.cpp", "build")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, sources / name, ignore=unwanted)
        else:
            shutil.copy(source, sources / name)
    (sources / "tests").mkdir()
    (sources / "tests" / "test_nothing.py").touch()
    return sources


def _files(sources: Path, endings: tuple[str, ...] = ("",), but: tuple[str, ...] = ()) -> set[str]:
    """Those of the package that end so, and not so."""
    names = (
        path.relative_to(sources).as_posix()
        for path in (sources / "tbtools").rglob("*")
        if path.is_file()
    )
    return {name for name in names if name.endswith(endings) and not name.endswith(but)}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that goes to an index; its sources lie in ``sources`` beside its folder."""
    folder = tmp_path_factory.mktemp("sdist")
    script = "import sys, setuptools.build_meta as b; b.build_sdist(sys.argv[1])"
    _run([sys.executable, "-c", script, folder / "dist"], environment(), cwd=_sources(folder))
    (archive,) = (folder / "dist").iterdir()
    return archive


def _wheel(source: Path, folder: Path, **env: str) -> Path:
    _run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--no-index", "--wheel-dir", folder, source],
        env=environment(PIP_DISABLE_PIP_VERSION_CHECK="1", **env),
    )  # fmt: skip
    (wheel,) = folder.iterdir()
    return wheel


def _run(command: list[str | Path], env: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _installed(wheel: Path, folder: Path) -> dict[str, str]:
    """The environment in which `python -m tbtools` is that of the wheel."""
    _run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", folder, wheel],
        env=environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
    )  # fmt: skip
    return environment(PYTHONPATH=os.fspath(folder))


def _tbtools(env: dict[str, str], cwd: Path, *arguments: str) -> str:
    return _run([sys.executable, "-m", "tbtools", *arguments], env, cwd)


@pytest.fixture(scope="module")
def pure_wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a compiler, from the sources; the archive has left its C there."""
    folder = tmp_path_factory.mktemp("pure") / "wheels"
    return _wheel(sdist.parents[1] / "sources", folder, CC="false", CXX="false")


@pytest.fixture(scope="module")
def compiled_wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the compiler, from what goes to an index, beside the C that came of making that.

    Optimised it would take a minute; the modules that all other tests run with are.
    """
    if shutil.which(os.environ.get("CC", "cc")) is None:
        pytest.skip("no compiler")
    folder = tmp_path_factory.mktemp("compiled")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    sources = sdist.parents[1] / "sources"
    for made in _files(sources, GENERATED):
        shutil.copy(sources / made, unpacked / made)  # is newer than what it was made from
    return _wheel(unpacked, folder / "wheels", CFLAGS=f"{os.environ.get('CFLAGS', '')} -O0")


@pytest.fixture(scope="module")
def pure(pure_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the package that was built without a compiler."""
    return _installed(pure_wheel, tmp_path_factory.mktemp("pure_package"))


@pytest.fixture(scope="module")
def compiled(compiled_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the one that was built with it."""
    return _installed(compiled_wheel, tmp_path_factory.mktemp("compiled_package"))


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_without_a_compiler_it_installs_says_so_and_shows_the_same(
    pure: dict[str, str], compiled: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(ROOT / "tests" / "logs", elsewhere / "logs")
    assert "\nscan: protobuf (slow" in _tbtools(pure, elsewhere, "--version")
    assert "\nscan: compiled\n" in _tbtools(compiled, elsewhere, "--version")
    for arguments in (["summarize", "logs"], ["summarize", "logs", "--format", "json"],
                      ["verify", "logs", "--all"]):  # fmt: skip
        shown = _tbtools(pure, elsewhere, *arguments)
        assert shown
        assert shown == _tbtools(compiled, elsewhere, *arguments)


# With the exit status: findings and differences are 1.
COMMANDS = {
    "plot": (0, ["plot", "logs", "--tag", "*loss*"]),
    "smooth": (0, ["smooth", "logs/baseline", "-o", "out.csv"]),
    "smooth by time": (0, ["smooth", "logs", "-o", "out.csv", "--method", "time_weighted_ema"]),
    "aggregate": (0, ["aggregate", "logs", "-o", "out.csv"]),
    "export": (0, ["export", "logs", "-o", "out.csv"]),
    "detect": (1, ["detect", "logs"]),
    "diff": (1, ["diff", "logs/baseline", "logs/diverged"]),
    "report": (0, ["report", "logs", "-o", "out.html"]),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_compiler_every_command_works(
    command: str, pure: dict[str, str], compiled: dict[str, str], tmp_path: Path
) -> None:
    """And writes what the compiled package writes."""
    status, arguments = COMMANDS[command]
    written = []
    for env in (pure, compiled):
        folder = tmp_path / str(len(written))
        shutil.copytree(ROOT / "tests" / "logs", folder / "logs")
        done = subprocess.run(
            [sys.executable, "-m", "tbtools", *arguments],
            capture_output=True, text=True, env=env, cwd=folder, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        files = {path.name: path.read_bytes() for path in folder.glob("out.*")}
        assert len(files) == ("-o" in arguments)
        written.append((done.stdout, done.stderr, files))
    assert written[0] == written[1]


def test_an_extension_that_cannot_be_loaded_is_an_error(
    compiled: dict[str, str], tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(compiled["PYTHONPATH"], package)
    for extension in (*package.rglob("_ema.*.so"), *package.rglob("_scan.*.so")):
        extension.write_bytes(b"no library")
    for module in ("tbtools.analysis.smoothers", "tbtools.eventfile.scan"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            capture_output=True, text=True, env=compiled | {"PYTHONPATH": str(package)},
            cwd=tmp_path, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "ImportError" in done.stderr


def test_what_is_in_a_wheel(pure_wheel: Path, compiled_wheel: Path) -> None:
    for wheel in (pure_wheel, compiled_wheel):
        names = _names(wheel)
        assert "tbtools/py.typed" in names
        assert "tbtools/sbom.cdx.json" in names
        assert "tbtools/eventfile/_scan.pyi" in names
        assert any(name.endswith("/licenses/LICENSE") for name in names)
        # Nothing else: neither the trainer, which is run from a checkout, nor the tests.
        assert {name.split("/")[0].partition("-")[0] for name in names} == {"tbtools"}
        assert not [name for name in names if name.endswith((".c", ".pyc"))]
    compiled = [name for name in _names(compiled_wheel) if name.endswith(".so")]
    for module in ("eventfile/_scan", "render/_table_text"):
        assert any(name.startswith(f"tbtools/{module}.") for name in compiled)
    assert not [name for name in _names(pure_wheel) if name.endswith(".so")]


def test_an_sdist_holds_the_package_and_what_its_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert _files(sdist.parents[1] / "sources", but=GENERATED) - names == set()
    assert not [name for name in names if name.endswith(GENERATED)]
    for wanted in (
        "tests/test_nothing.py",
        "reference_training/__main__.py",
        "tbtools/schemas.json",
        "mkdocs.yml",
        "release/licences.py",
    ):
        assert wanted in names
    assert not [name for name in names if name.endswith((".so", ".pyc"))]


def test_a_wheel_holds_every_file_of_the_package(sdist: Path, compiled_wheel: Path) -> None:
    files = _files(sdist.parents[1] / "sources", but=(".pyx", ".pxi", ".h", *GENERATED))
    assert files - set(_names(compiled_wheel)) == set()
