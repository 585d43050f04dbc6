"""Holds the installed dependencies against the database of known vulnerabilities, by pip-audit.

Fails on a vulnerability, and on nothing else: a registry without the database, or no network, is said and passes, so
that `make lint` works offline. What could not be looked up is listed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_SECONDS = 60


def main() -> int:
    """Audit what an installation of the package with all its extras brings along; 1 for a vulnerability."""
    pins = sorted(f"{name}=={number}" for name, number in installed("authproblem").items())
    report = audit(pins)
    if report is None:
        print("audit: pip-audit is not installed, or got no response: nothing was looked up")
        return 0
    unknown = [row["name"] for row in report if "skip_reason" in row]
    found = [(row, fault) for row in report for fault in row.get("vulns", ())]
    for row, fault in found:
        fixed = ", ".join(fault["fix_versions"]) or "no release"
        print(f"audit: {row['name']} {row['version']}: {fault['id']}, fixed in {fixed}")
    if unknown:
        print(f"audit: the registry has no vulnerability data on {len(unknown)} of {len(report)}: {', '.join(unknown)}")
    if len(unknown) < len(report):
        print(f"audit: {len(report) - len(unknown)} packages looked up, {len(found)} vulnerabilities")
    return int(bool(found))


def installed(root: str) -> dict[str, str]:
    """The versions of all that a distribution requires, optional extras and their requirements included."""
    found: dict[str, str] = {}
    waiting = [root]
    while waiting:
        for requirement in requires(waiting.pop()) or []:
            name = _NAME.match(requirement)
            key = name.group().lower() if name else root
            # Extras of others are not installed by us; ours are wanted.
            if key in found or key == root or ("extra ==" in requirement and not _ours(root, requirement)):
                continue
            try:
                found[key] = version(key)
            except PackageNotFoundError:  # another platform's, or an extra that is not installed here
                continue
            waiting.append(key)
    return found


def _ours(root: str, requirement: str) -> bool:
    return requirement in (requires(root) or [])


def audit(pins: list[str]) -> list[dict[str, Any]] | None:
    """What pip-audit says of some pinned packages; None where it cannot be called."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(pins))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        command += ["--timeout", "10", "--format", "json", "--requirement", str(Path(file.name))]
        try:
            run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)
            rows: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return None
    return rows


if __name__ == "__main__":
    sys.exit(main())
