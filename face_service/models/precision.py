"""In which precision a graph multiplies. docs/adr/0007-speed.md has the measurements."""

from pathlib import Path
from typing import Literal

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Literal["auto"] | Precision

_CPU_INFO = Path("/proc/cpuinfo")
# Intel's matrix unit. Processors with less gain nothing that was measured, and those with nothing
# would compute bfloat16 in float32, slower than before.
_FLAG = "amx_bf16"


def choose_precision(choice: PrecisionChoice, keeps_accuracy: bool, onednn: bool) -> Precision:
    """Return the precision for a graph.

    Args:
        choice: what the settings say. ``auto`` takes bfloat16 where the graph is known to keep its
            accuracy and the processor has a unit for it.
        keeps_accuracy: whether the graph's card says so.
        onednn: whether TensorFlow may use it; nothing else multiplies bfloat16 here.
    """
    if choice != "auto":
        return choice
    return "bfloat16" if onednn and keeps_accuracy and multiplies_bfloat16() else "float32"


def multiplies_bfloat16(cpu_info: Path = _CPU_INFO) -> bool:
    """Return whether this machine's processor has a unit that multiplies bfloat16 matrices."""
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return _FLAG in flags.split()
