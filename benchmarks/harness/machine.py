"""What was measured on: the machine, the versions, the settings, and whether it was idle."""

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.harness.processes import usage_of

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "FACE_"
# What decides how fast a net runs on a CPU, as /proc/cpuinfo calls it.
_FLAGS = (
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
)
_PACKAGES = ("tensorflow", "numpy", "opencv-python", "pillow", "gevent", "flask")
_IDLE_SHARE = 0.1  # of all cores: up to this much of others' work leaves the figures usable
_WATCH_SECONDS = 1.0
_MEBIBYTE_KIB = 1024
_TICKS = os.sysconf("SC_CLK_TCK")


def describe(settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a report must say to be comparable. Takes a second to see whether it is idle.

    Args:
        settings: FACE_ settings of the run; by default those of the environment.
    """
    given = os.environ if settings is None else settings
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()
    busy, steal = _watch(_WATCH_SECONDS)
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": cores,
        "cpu_flags": [flag for flag in _FLAGS if flag in _cpu_flags()],
        "memory_mib": _memory_kib() // _MEBIBYTE_KIB,
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "revision": revision(),
        "settings": {n: v for n, v in sorted(given.items()) if n.startswith(PREFIX)},
        "load_average": [round(value, 2) for value in load],
        "busy_share": round(busy, 3),
        "steal_share": round(steal, 3),
        "warnings": idle_warnings(load[0], cores, busy, steal),
    }


def idle_warnings(load: float, cores: int, busy: float, steal: float) -> list[str]:
    """Return why the figures may be wrong: others at work before the run has begun.

    Args:
        load: the load average of the last minute.
        cores: those that this process may use.
        busy: share 0..1 of the cores' time that is used, now.
        steal: share 0..1 of it that the host gives to other machines.
    """
    warnings = []
    if load > _IDLE_SHARE * cores:
        warnings.append(f"the load average is {load:.2f} on {cores} cores: others are at work")
    if busy > _IDLE_SHARE:
        warnings.append(f"{busy:.0%} of the cores' time is used before anything is measured")
    if steal > _IDLE_SHARE / 2:
        warnings.append(f"the host takes {steal:.0%} of the cores' time for other machines")
    return warnings


@dataclass(frozen=True)
class Clock:
    """The CPU seconds that all cores and this run's processes had used at a moment."""

    at: float
    all_seconds: float
    own_seconds: float

    @classmethod
    def now(cls) -> "Clock":
        """Return the clock of now; of this process, its children and those that have ended."""
        times = _cpu_times()
        busy = sum(times) - times[3] - times[4]
        return cls(time.monotonic(), busy / _TICKS, usage_of(os.getpid()).cpu_seconds)

    def others_since(self, begin: "Clock", cores: int) -> float:
        """Return the share 0..1 of the cores' time that others have used since ``begin``."""
        others = (self.all_seconds - begin.all_seconds) - (self.own_seconds - begin.own_seconds)
        return max(0.0, others / ((self.at - begin.at) * cores))


def others_warnings(share: float) -> list[str]:
    """Return why the figures may be wrong: others at work during the run."""
    if share <= _IDLE_SHARE:
        return []
    return [f"other processes used {share:.0%} of the cores' time during the run"]


def revision() -> str:
    """Return git's revision of the project, with ``+`` when files differ from it."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def as_lines(machine: Mapping[str, Any]) -> list[str]:
    """Return the description as a report prints it."""
    lines = [f"{name}: {_plain(value)}" for name, value in machine.items() if name != "warnings"]
    return lines + [f"WARNING: {warning}" for warning in machine["warnings"]]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={entry}" for name, entry in value.items()) or "all by default"
    if isinstance(value, list):
        return " ".join(str(entry) for entry in value)
    return str(value)


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cpu_flags() -> set[str]:
    return set((_first("/proc/cpuinfo", "flags") or "").split())


def _memory_kib() -> int:
    return int((_first("/proc/meminfo", "MemTotal") or "0").split()[0])


def _first(path: str, name: str) -> str | None:
    """Return what the first line ``name : value`` of a file in /proc says."""
    for line in Path(path).read_text().splitlines():
        before, _, after = line.partition(":")
        if before.strip() == name:
            return after.strip()
    return None


def _watch(seconds: float) -> tuple[float, float]:
    """Return which shares of all cores' time are used, and taken by the host, for a while."""
    before = _cpu_times()
    time.sleep(seconds)
    spent = [now - then for now, then in zip(_cpu_times(), before, strict=True)]
    total = max(sum(spent), 1)
    # user nice system idle iowait irq softirq steal: see proc(5)
    return 1 - (spent[3] + spent[4]) / total, spent[7] / total


def _cpu_times() -> list[int]:
    return [int(value) for value in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
