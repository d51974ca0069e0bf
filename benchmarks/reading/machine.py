"""The machine that was measured on, in terms that mean something elsewhere."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("numpy", "pandas", "protobuf", "tbparse", "tensorboard", "tensorboard-data-server")
# A load below this leaves the readers, which have one core to themselves at most, undisturbed.
_QUIET_LOAD = 0.5


def processor() -> str:
    """The processor's name, as it calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # no Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe() -> str:
    """Processor, cores, system, Python and packages."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{processor()}, {cores} cores, {system}, Python {platform.python_version()}; {packages}"


def load() -> float:
    """How many processes wanted a core during the last minute, on average."""
    return os.getloadavg()[0]


def is_busy(load_before: float) -> bool:
    """Whether others use the machine, by its load before the first measurement."""
    return load_before > _QUIET_LOAD


def warning(load_before: float) -> str:
    """What a reader of the numbers has to know if others used the machine."""
    return (
        f"**The machine was busy**: its load average was {load_before:.1f} before the first "
        "measurement. Times are rough, and the targets are judged by CPU time."
    )
