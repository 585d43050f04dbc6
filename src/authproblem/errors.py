"""The exceptions of this package, in one hierarchy.

```
Error                                 base of all
├── AuthProblemError                  a provider's error, normalized, as client integrations raise it
├── ConfigurationError (ValueError)   an option or argument with an invalid value; raised when something is built
│   ├── UnknownOptionError (TypeError)  an option that does not exist
│   └── RegistryError                 an invalid row of a team's own registry
└── MissingExtraError (ImportError)   an optional dependency that is not installed
```

A message says what is wrong, the value, and what is expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from authproblem._core.problem import Problem

__all__ = [
    "AuthProblemError",
    "ConfigurationError",
    "Error",
    "MissingExtraError",
    "RegistryError",
    "UnknownOptionError",
]

_MAX_SHOWN = 200
"""Characters of a value that a message shows."""


class Error(Exception):
    """Base of all exceptions of this package."""


class AuthProblemError(Error):
    """A provider's error, normalized. Its text shows reason and status only, since exceptions end up in logs.

    Attributes:
        problem: the problem; branch on `problem.remedy`, or on predicates such as `problem.is_retryable`.
        response: the client library's response, for headers such as `WWW-Authenticate`; None where there is none. It is
            left out of pickles and copies, since it contains the request with its credentials.
    """

    def __init__(self, problem: Problem, response: Any = None) -> None:
        """Wrap a problem.

        Args:
            problem: the problem.
            response: the response that it was read from.
        """
        Exception.__init__(self, problem)  # not super(): a subclass may also be the exception of a client library
        self.problem = problem
        self.response = response

    def __str__(self) -> str:
        return f"{self.problem.reason} (HTTP {self.problem.status})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem,)


class ConfigurationError(Error, ValueError):
    """An option or argument has an invalid value."""


class UnknownOptionError(ConfigurationError, TypeError):
    """An option does not exist. Also a `TypeError`, as for any unknown keyword argument."""


class RegistryError(ConfigurationError):
    """A row of a team's own registry is invalid.

    Attributes:
        row: where the row is: the file or mapping, its number, and its id where it has one.
    """

    def __init__(self, message: str, row: str = "") -> None:
        """Make an error of a message.

        Args:
            message: what is wrong.
            row: where the row is.
        """
        super().__init__(message)
        self.row = row

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.row)


class MissingExtraError(Error, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Name the extra that brings the dependency.

        Args:
            feature: what needs it.
            extra: the extra of this package.
        """
        super().__init__(f'{feature} needs an optional dependency: pip install "authproblem[{extra}]"')
        self.feature, self.extra = feature, extra

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.feature, self.extra)


def message(name: str, value: object, expected: str, choices: Iterable[str] = ()) -> str:
    """Return the text of an error: what is invalid, its value, what is expected, and the nearest choice."""
    shown = repr(value)
    shown = shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + "..."
    return f"invalid {name}: {shown}; expected {expected}{did_you_mean(value, choices)}"


def invalid(name: str, value: object, expected: str, choices: Iterable[str] = ()) -> NoReturn:
    """Refuse a value.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(message(name, value, expected, choices))


def unknown_option(name: str, choices: Iterable[str], hint: str = "") -> NoReturn:
    """Refuse an option that does not exist.

    Raises:
        UnknownOptionError: always.
    """
    known = sorted(choices)
    listed = hint or f"expected one of {', '.join(known)}"
    raise UnknownOptionError(f"unknown option {name!r}; {listed}{did_you_mean(name, known)}")


def visible(text: str) -> str:
    """Return a text for a terminal: control characters, which may come from a file name, become escape sequences."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def did_you_mean(value: object, choices: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` where a choice is near a value, else an empty string."""
    if not isinstance(value, str):
        return ""
    from difflib import get_close_matches

    near = get_close_matches(value[:64], list(choices), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
