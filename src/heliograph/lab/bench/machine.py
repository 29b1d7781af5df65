"""On what and of what something was measured: the machine, the commit, the day."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

_CPUINFO = Path("/proc/cpuinfo")
# Of the last minute before this process began: what others were doing with the machine. A figure beside a high one is noise.
LOAD_BEFORE = os.getloadavg()[0]


def described() -> str:
    """The machine in a line. Its name is nobody's business."""
    memory_gb = psutil.virtual_memory().total / 1e9
    version = ".".join(str(part) for part in sys.version_info[:3])
    cores = psutil.cpu_count() or 1
    return (
        f"{cores} cores of {_model()}, {memory_gb:.0f} GB of memory, {platform.system()} {_kernel()}, "
        f"{platform.python_implementation()} {version}, load {LOAD_BEFORE:.1f} before it began"
    )


def commit() -> str:
    """The commit of this checkout, "unknown" where it is none; `-dirty` behind it when files other than the page differ."""
    head = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs/benchmarks.md")
    return f"{head}-dirty" if changed else head or "unknown"


def _git(*arguments: str) -> str:
    argv = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 -- fixed arguments


def today() -> str:
    """The date (UTC)."""
    return datetime.now(UTC).date().isoformat()


def _model() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _kernel() -> str:
    return ".".join(platform.release().split(".")[:2])
