"""Steps a second of the reference trainer with logging on and off, side by side.

    python benchmarks/logging_overhead.py [--pairs 7] [--steps 100] [--size small] [--log-every 1]

Pairs of trainings run in turn in one process, the order within a pair changing, so that what slows
the machine for a while slows both. The time is that of steps alone, as the trainer measures it,
with what logging takes between them; the first steps are left out. On a shared machine the spread
tells what the ratio is worth: a ratio of the medians, and the quartiles of the pairs' ratios. What
the ratio cannot show there, the CPU time of a point does: that of the calls, and of the writer's
thread.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path

from reference_training import device
from reference_training.distributed import World
from reference_training.recipes.pretrain import Pretrain, PretrainConfig
from reference_training.runlog import RunLog
from reference_training.train import Trainer

WARMUP = 20
"""Steps at the beginning that do not count: allocation, and compilation on CUDA."""
POINTS = 2000
POINT = {f"group/tag_{number}": 1.0 for number in range(7)}
"""As many scalars as the trainer logs at a step."""
PAUSE = 0.0005
"""Seconds between points, so that the writer's thread has its turns, as it has in a training."""


def options() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--size", default="small")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--log-every", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--writers", nargs=2, default=["tensorboardx", "none"], metavar=("ON", "OFF")
    )
    return parser.parse_args()


def steps_per_second(given: argparse.Namespace, writer: str, logdir: Path) -> float:
    """Trains once."""
    total = WARMUP + given.steps
    config = PretrainConfig(
        logdir=logdir,
        writer=writer,
        size=given.size,
        batch_size=given.batch_size,
        steps=total,
        log_every=given.log_every,
        eval_every=total,
        checkpoint_every=total,
        validation_windows=1,
        device=given.device,
        threads=given.threads,
    )
    compute = device.choose(config)
    with contextlib.redirect_stderr(io.StringIO()):
        points = Trainer(Pretrain(config), config, compute, World()).run().points
    counted = [point for point in points if point.step > WARMUP]
    return sum(point.steps for point in counted) / sum(point.seconds for point in counted)


def seconds_of_point(writer: str, logdir: Path) -> tuple[float, float]:
    """CPU time that a point takes: of the training's thread, and of all."""
    log = RunLog(logdir, writer, purge_step=None, flush_seconds=10)
    threads, own = time.process_time(), time.thread_time()
    for step in range(POINTS):
        log.scalars(POINT, step)
        time.sleep(PAUSE)
    log.flush(POINTS)
    took = (time.thread_time() - own) / POINTS, (time.process_time() - threads) / POINTS
    log.close(success=None)
    return took


def main() -> None:
    """Measures pairs and prints their ratios."""
    given = options()
    on, off = given.writers
    speeds: dict[str, list[float]] = {on: [], off: []}
    for pair in range(given.pairs):
        for writer in (on, off) if pair % 2 else (off, on):
            with tempfile.TemporaryDirectory() as logdir:
                speeds[writer].append(steps_per_second(given, writer, Path(logdir)))
        print(f"pair {pair + 1}: {speeds[on][-1]:.3f} {on}, {speeds[off][-1]:.3f} {off} steps/s")
    ratios = [with_log / without for with_log, without in zip(speeds[on], speeds[off], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    medians = statistics.median(speeds[on]) / statistics.median(speeds[off])
    compute = device.choose(PretrainConfig(logdir=Path(), device=given.device))
    print(f"device: {compute.describe()}")
    with tempfile.TemporaryDirectory() as logdir:
        own, threads = seconds_of_point(on, Path(logdir))
    step = 1 / statistics.median(speeds[off])
    print(
        f"a point: {own * 1e6:.0f} us of the training's thread, {threads * 1e6:.0f} us of all; "
        f"{100 * threads / step / given.log_every:.3g} % of a step of {step * 1e3:.4g} ms"
    )
    print(f"ratio {on} to {off}: {medians:.4f} of medians; pairs {low:.4f} {middle:.4f} {high:.4f}")


if __name__ == "__main__":
    main()
