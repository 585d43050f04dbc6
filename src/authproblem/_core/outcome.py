"""`Outcome`: what becomes of one response: its meaning, the problem to send, and why it is left alone if it is."""

from __future__ import annotations

from authproblem._core.problem import Problem
from authproblem._core.template import PreparedProblem
from authproblem._model import Classification


class Outcome:
    """How one response is treated.

    Attributes:
        classification: what the response means, also where it is left alone (flow control, pages).
        sent: the problem to send, built or prepared, or None: leave the response alone.
        actual: the problem before folding: what events and metrics report.
        why: why it is left alone; empty otherwise.
        kept: the upstream's object as it came, where it stays whole and no member of it changes; else None.
    """

    __slots__ = ("classification", "kept", "sent", "actual", "why")

    def __init__(
        self,
        classification: Classification | None,
        sent: Problem | PreparedProblem | None = None,
        actual: Problem | PreparedProblem | None = None,
        why: str = "",
    ) -> None:
        """Keep the values."""
        self.classification = classification
        self.sent = sent
        self.actual = actual
        self.why = why
        self.kept: bytes | bytearray | None = None

    def to_bytes(self) -> bytes:
        """Return the document to send as UTF-8 JSON; empty where there is none.

        Raises:
            TypeError: if it nests too deep to be written.
        """
        sent = self.sent
        if sent is None:
            return b""
        if self.kept is None or isinstance(sent, PreparedProblem):
            return sent.to_bytes()
        # What came is what would be written, so it is not serialized again: these are the largest documents.
        return sent.replace(extensions={}).to_bytes()[:-1] + b"," + self.kept[1:]

    @property
    def problem(self) -> Problem | None:
        """The problem to send, as a value."""
        return as_problem(self.sent)

    @property
    def is_folded(self) -> bool:
        """Whether the client gets another problem than the events report."""
        return self.sent is not self.actual

    def without_problem(self, why: str) -> Outcome:
        """Return an outcome that leaves the response alone."""
        return Outcome(self.classification, why=why)


def as_problem(problem: Problem | PreparedProblem | None) -> Problem | None:
    """Return a problem as a value, whether it was built or prepared."""
    return problem.problem() if isinstance(problem, PreparedProblem) else problem
