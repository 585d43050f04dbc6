"""Prints the lowest version that we allow of each dependency, required or of an extra, as constraints for pip."""

from __future__ import annotations

import re
from importlib.metadata import requires

LOWER_BOUND = re.compile(r"(?P<name>[\w.-]+)[^;]*>=(?P<version>[\d.]+)")


def main() -> None:
    """Prints one line for each requirement that has a lower bound; those on our own extras have none."""
    bounds = (LOWER_BOUND.match(requirement) for requirement in requires("authproblem") or [])
    print("\n".join(sorted({f"{bound['name']}=={bound['version']}" for bound in bounds if bound})))


if __name__ == "__main__":
    main()
