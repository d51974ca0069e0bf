"""Where the training computes: the device, its number format, its clock and its memory."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from reference_training.errors import ConfigError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reference_training.config import TrainConfig

PEAK_BFLOAT16 = (
    ("H100 PCIe", 756e12),
    ("H100 NVL", 835e12),
    ("H100", 989e12),
    ("H200", 989e12),
    ("B200", 2250e12),
    ("A100", 312e12),
    ("L40S", 362e12),
    ("L4", 121e12),
)
"""Dense bfloat16 FLOP/s by words of the device's name, the first that fit: NVIDIA's data sheets,
without sparsity."""


@dataclass(frozen=True)
class Compute:
    """What the training computes with.

    Attributes:
        device: The device of this process.
        name: The device's name as its maker gives it.
        bfloat16: Whether matrix products are bfloat16 (autocast; weights stay float32).
        compiled: Whether the model goes through torch.compile.
        peak_flops: The device's dense bfloat16 FLOP/s, None where unknown or float32 is used.
    """

    device: torch.device
    name: str
    bfloat16: bool
    compiled: bool
    peak_flops: float | None

    def autocast(self) -> AbstractContextManager[object]:
        """The context for a forward pass."""
        if not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def describe(self) -> str:
        """The device, number format, compilation and determinism in one line."""
        numbers = "bfloat16 autocast" if self.bfloat16 else "float32"
        compiled = "compiled" if self.compiled else "not compiled"
        threads = f", {torch.get_num_threads()} threads" if self.device.type == "cpu" else ""
        fixed = ", deterministic" if torch.are_deterministic_algorithms_enabled() else ""
        return f"{self.device.type} ({self.name}), {numbers}, {compiled}{threads}{fixed}"

    def peak_memory_gib(self) -> float:
        """The most memory taken so far, in GiB: on CUDA by tensors, else by the process."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / 2**30
        # ru_maxrss counts KiB on Linux and bytes on macOS (getrusage(2) of each).
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def choose(config: TrainConfig, local_rank: int = 0) -> Compute:
    """Picks the device and prepares torch for it.

    Args:
        config: Says what is wanted; ``auto`` takes CUDA, else MPS, else the CPU.
        local_rank: Which of the machine's CUDA devices is this process's.

    Raises:
        ConfigError: The device that was asked for is not here, or lacks the number format.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.deterministic:
        # cuBLAS adds up in the order that its workspace allows, which it asks for at its start.
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        torch.use_deterministic_algorithms(mode=True)
    chosen = kind(config.device)
    if chosen == "cuda":
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")  # TF32 where autocast leaves float32
        name = torch.cuda.get_device_name(device)
    else:
        device = torch.device(chosen)
        name = _processor()
    bfloat16 = _bfloat16(config.precision, chosen)
    compiled = config.compile == "on" or (config.compile == "auto" and chosen == "cuda")
    peak = peak_flops(name) if bfloat16 and chosen == "cuda" else None
    return Compute(device, name, bfloat16, compiled, peak)


def peak_flops(name: str) -> float | None:
    """The dense bfloat16 FLOP/s of a device, by the name that CUDA gives it; None if not known."""
    return next((flops for words, flops in PEAK_BFLOAT16 if re.search(rf"\b{words}\b", name)), None)


def kind(wanted: str) -> str:
    """The kind of device that ``--device`` means here.

    Raises:
        ConfigError: It is not here.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(kind for kind, there in available.items() if there)
    if not available[wanted]:
        here = ", ".join(kind for kind, there in available.items() if there)
        raise ConfigError([f"--device {wanted}: torch sees none; here is {here}"])
    return wanted


def _bfloat16(precision: str, kind: str) -> bool:
    if precision == "auto":
        return kind == "cuda" and torch.cuda.is_bf16_supported()
    if precision == "bfloat16" and kind == "cuda" and not torch.cuda.is_bf16_supported():
        raise ConfigError(["--precision bfloat16: this CUDA device has none; use float32"])
    return precision == "bfloat16"


def _processor() -> str:
    """The processor's name; `platform.processor` is empty on most Linux systems."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - no path to handle
            names = [
                line.partition(":")[2].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


class Clock:
    """Measures stretches of the device's time without waiting for the device.

    On CUDA a mark is an event in the stream, read when a copy behind it has arrived; elsewhere
    it is the host's clock.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._last = self._now()

    def restart(self) -> None:
        """Begins a new stretch: what came since the last mark is counted nowhere."""
        self._last = self._now()

    def lap(self) -> Lap:
        """Ends the stretch and begins the next."""
        begin, self._last = self._last, self._now()
        return Lap(begin, self._last)

    def _now(self) -> torch.cuda.Event | float:
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event


@dataclass(frozen=True)
class Lap:
    """A stretch of time between two marks of a `Clock`."""

    begin: torch.cuda.Event | float
    end: torch.cuda.Event | float

    def seconds(self) -> float:
        """Its length; waits for the device where the end has not been reached yet."""
        if isinstance(self.begin, float) or isinstance(self.end, float):
            return float(self.end) - float(self.begin)  # type: ignore[arg-type]
        self.end.synchronize()
        return float(self.begin.elapsed_time(self.end)) / 1e3
