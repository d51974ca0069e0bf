"""Makes examples/logs and examples/gpu_logs: real trainings by reference_training, healthy and not.

    python examples/make_logs.py [RUN ...]

Trains in a temporary folder and then replaces the runs there: all that need no GPU, or those named.
Checkpoints stay behind. The same versions on the same kind of machine give the same losses.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "examples" / "logs"
COMMON = ("--threads=1", "--flush-seconds=2")
"""One thread: sums are then made in the same order everywhere."""
GPU_LOGS = ROOT / "examples" / "gpu_logs"


@dataclass(frozen=True)
class Reference:
    """A run of the examples.

    Attributes:
        name: Its folder in the log directory.
        recipe: What is trained.
        options: How.
        base: The run whose checkpoint it begins with.
        crashes: How often it is killed, and then started again.
        gpu: Whether it needs a CUDA device. It is then made only where it is named.
    """

    name: str
    recipe: str
    options: tuple[str, ...] = ()
    base: str = ""
    crashes: int = 0
    gpu: bool = False

    @property
    def kept(self) -> Path:
        """Where it is kept."""
        return (GPU_LOGS if self.gpu else LOGS) / self.name


OVERFITTING = (
    *("--corpus-bytes=12000", "--learning-rate=0.004", "--schedule=constant"),
    *("--steps=500", "--eval-every=25"),
)
SWEEP = (
    *("--recipe=pretrain", "--size=tiny", "--steps=300", "--batch-sizes=16"),
    "--learning-rates=0.001,0.003",
)
GPT2 = (
    *("--device=cuda", "--size=gpt2", "--corpus-bytes=0", "--batch-size=32"),
    *("--learning-rate=0.0006", "--warmup-steps=100", "--log-every=5", "--eval-every=100"),
    "--checkpoint-every=200",
)
REFERENCES = (
    Reference("baseline", "pretrain"),
    Reference("resumed", "pretrain", ("--writer=torch", "--inject=crash@260,crash@430"), crashes=2),
    Reference("diverged", "pretrain", ("--inject=divergence@350",)),
    Reference("plateau", "pretrain", ("--inject=plateau@250",)),
    Reference("overfitting", "pretrain", OVERFITTING),
    Reference("finetuned", "finetune", base="baseline"),
    Reference("lora", "finetune", ("--adapter=lora",), base="baseline"),
    Reference("media", "digits", ("--log-every=20", "--eval-every=624")),
    Reference("sweep", "sweep", SWEEP),
    Reference("gpt2", "pretrain", (*GPT2, "--steps=1500"), gpu=True),
    Reference(
        *("gpt2_resumed", "pretrain"),
        (*GPT2, "--steps=600", "--inject=crash@430"),
        crashes=1,
        gpu=True,
    ),
    Reference(
        "gpt2_diverged", "pretrain", (*GPT2, "--steps=600", "--inject=divergence@350"), gpu=True
    ),
)


def train(reference: Reference, folder: Path) -> None:
    """Trains one run, and again after each crash.

    The process works in the folder and is given relative paths: what it notes of itself then holds
    no path of the machine.
    """
    options = [*COMMON, *reference.options, "--logdir=logs", f"--run-name={reference.name}"]
    if reference.base:
        options.append(f"--checkpoint=logs/{reference.base}")
    command = [sys.executable, "-m", "reference_training", reference.recipe, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for status in [-signal.SIGKILL] * reference.crashes + [0]:
        print(f"{reference.name}: {' '.join(command[1:])}", flush=True)
        done = subprocess.run(command, cwd=folder, env=environment, check=False)
        if done.returncode != status:
            raise SystemExit(f"{reference.name} ended with {done.returncode}, not {status}")


def keep(reference: Reference, run: Path) -> None:
    """Puts a run in the place of the one that is kept, without its checkpoints."""
    shutil.rmtree(reference.kept, ignore_errors=True)
    shutil.copytree(run, reference.kept, ignore=shutil.ignore_patterns("checkpoints"))


def main() -> None:
    """Trains all references, or those named and what they begin with."""
    names = set(sys.argv[1:]) or {each.name for each in REFERENCES if not each.gpu}
    unknown = names - {reference.name for reference in REFERENCES}
    if unknown:
        raise SystemExit(f"no such reference: {', '.join(sorted(unknown))}")
    wanted = names | {reference.base for reference in REFERENCES if reference.name in names}
    with tempfile.TemporaryDirectory() as folder:
        for reference in REFERENCES:
            if reference.name in wanted:
                train(reference, Path(folder))
            if reference.name in names:
                keep(reference, Path(folder) / "logs" / reference.name)


if __name__ == "__main__":
    main()
