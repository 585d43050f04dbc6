"""The exception for a configuration that cannot be used."""

from __future__ import annotations

from authproblem.errors import ConfigurationError


class ConfigError(ConfigurationError):
    """An invalid setting; the message names it, where it is, its value and what is expected."""
