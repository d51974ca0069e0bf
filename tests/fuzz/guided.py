"""Fuzzes the compiled scan, guided by coverage: ``make fuzz`` where there is a clang.

libFuzzer makes the inputs, beginning with events of real files, and gives them to the scan without
Python in between, under AddressSanitizer and UndefinedBehaviorSanitizer. What fails is stored in
``regressions/``, where the tests find it, and then both scans are held against each other on what
was found worth keeping.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tests.builders import frame
from tests.fuzz.fuzz import check, fails, store, tell
from tests.fuzz.mutants import Generator
from tests.fuzz.pool import built_events, real_events

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCAN = ROOT / "tbtools" / "eventfile"
LONGEST = 2048  # bytes of an input: enough for records that repeat
SEEDS = 3000
SANITIZERS = "-fsanitize=fuzzer,address,undefined"
# Leaks are Python's. What was freed is kept for less long than by default, and stacks are not, for
# they take a third of the time.
ASAN = (
    "detect_leaks=0",
    "allocator_may_return_null=1",
    "quarantine_size_mb=16",
    "malloc_context_size=0",
)
FLAGS = ("-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-O2", "-g", "-w")


def build(clang: str, folder: Path, scan: Path = SCAN) -> Path:
    """Compiles the fuzz target.

    Args:
        clang: The compiler.
        folder: Where to.
        scan: Where the sources of the scan are.
    """
    generated, target = folder / "scan_fuzzer_pyx.c", folder / "scan_fuzzer"
    directives = "boundscheck=True,wraparound=False,initializedcheck=False"
    options = ("-3", "-X", directives, "-I", str(scan), "--module-name", "scan_fuzzer")
    subprocess.run(
        [sys.executable, "-m", "cython", *options, str(HERE / "scan_fuzzer.pyx"), "-o", generated],
        check=True,
    )
    libraries = sysconfig.get_config_var("LIBDIR")
    library = sysconfig.get_config_var("LDVERSION")
    subprocess.run(
        [clang, SANITIZERS, *FLAGS, "-I", scan, "-I", sysconfig.get_path("include"),
         generated, HERE / "scan_fuzzer.c", "-o", target,
         "-L", libraries, f"-Wl,-rpath,{libraries}", f"-lpython{library}"],
        check=True,
    )  # fmt: skip
    return target


def write_seeds(folder: Path, files: list[Path]) -> None:
    """Files of a few events each, real ones among them, and mutants."""
    folder.mkdir()
    pool = built_events() + real_events(files)
    chance, generator = random.Random(0), Generator(0)
    for number in range(SEEDS):
        events = chance.choices(pool, k=chance.randrange(1, 5))
        sound = b"".join(map(frame, events))
        content = generator.file(pool) if number % 3 == 0 else sound
        (folder / str(number)).write_bytes(content[:LONGEST])


def run(target: Path, *options: str) -> int:
    """Fuzzes; what is new goes to ``kept`` beside the target, what fails beside that.

    Args:
        target: What `build` has made, beside ``seeds``.
        options: libFuzzer's.

    Returns:
        Its exit status: 0 where nothing failed.
    """
    env = os.environ | {"ASAN_OPTIONS": ":".join(ASAN), "PYTHONHOME": sys.base_prefix}
    folder = target.parent
    command = [target, folder / "kept", folder / "seeds", f"-artifact_prefix={folder}/"]
    options = (f"-max_len={LONGEST}", *options)
    return subprocess.run([*command, *options], env=env, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clang", default=os.environ.get("CLANG", "clang"))
    arguments = parser.parse_args()
    corpus = ROOT / os.environ.get("TBTOOLS_CORPUS", "../shared/corpus")
    files = sorted(path for path in corpus.rglob("*tfevents*") if path.is_file())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = build(arguments.clang, folder)
        write_seeds(folder / "seeds", files)
        (folder / "kept").mkdir()
        status = run(target, f"-max_total_time={arguments.seconds}", "-print_final_stats=1")
        failing = [path.read_bytes() for path in folder.glob("crash-*")]
        kept = [path.read_bytes() for path in (folder / "kept").iterdir()]
    if fails(lambda: [check(content) for content in kept], quiet=True):
        failing += [content for content in kept if fails(lambda it=content: check(it), quiet=True)]
    for content in failing:
        tell(f"fails: {store(content)}")
    tell(f"{len(kept)} inputs that reached something new; {len(failing)} failed")
    return bool(failing or status)


if __name__ == "__main__":
    sys.exit(main())
