"""On what a run was measured: enough to compare runs, nothing that names the machine."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("orjson", "structlog", "starlette", "werkzeug", "flask", "uvicorn", "granian", "gunicorn")
_PEERS = ("asgi-correlation-id", "fastapi-problem", "sentry-sdk", "starlette-problem")


def machine() -> dict[str, Any]:
    """The same for all runs that may stand in one document: figures of two machines do not compare."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": platform.python_compiler(),
        "optimized build": _optimized(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in (*_PACKAGES, *_PEERS) if (found := _version(name))},
    }


def load() -> float | None:
    """What else the machine does: processes that ran or waited over the last minute."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _optimized() -> str:
    given = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    found = [flag for flag in ("--enable-optimizations", "--with-lto") if flag in given]
    return " ".join(found) or ("unknown" if sys.platform == "win32" else "no PGO, no LTO")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
