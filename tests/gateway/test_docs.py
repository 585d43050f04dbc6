"""The page on the gateway names settings, defaults and metrics as they are."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry

from authproblem.gateway._metrics import Metrics
from authproblem.gateway._protocol import MAX_HEAD
from authproblem.gateway._settings import CHOICES, SETTINGS
from tests.gateway.processes import ROOT

PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
DEFAULTS = {setting.name: setting.default for setting in (*SETTINGS, *CHOICES)}


def test_the_table_of_limits_has_the_defaults() -> None:
    """Every setting that it names."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+)", PAGE, re.MULTILINE))

    assert {name: float(text.replace(",", "")) for name, text in rows.items()} == {
        name: float(DEFAULTS[name]) for name in rows
    }
    assert f"{MAX_HEAD:,}" in PAGE


def test_every_flag_exists() -> None:
    """Those of the command, in code."""
    flags = set(re.findall(r"`--([a-z-]+)[ `]", PAGE)) - {"help"}

    assert [flag for flag in flags if flag.replace("-", "_") not in DEFAULTS] == []


def test_every_metric_is_named() -> None:
    """By the name that Prometheus sees."""
    registry = CollectorRegistry()
    Metrics(registry)
    names = [family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()]

    assert [name for name in names if f"`{name}" not in PAGE] == []
