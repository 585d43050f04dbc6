"""`classify_event` and its relatives: one event in, its meaning out. Pure; the tables are read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from authproblem.logs._auth0 import Auth0
from authproblem.logs._envelopes import Unwrap, as_envelope
from authproblem.logs._model import AttackSignal, LogClassification
from authproblem.logs._okta import Okta

LogDocument = Mapping[str, Any] | Sequence[Any] | str | bytes
"""An event or an envelope, a list of them, or a line of a log."""


class Classifier:
    """The tables of both providers, their caches, and the envelopes of events."""

    def __init__(self) -> None:
        """Read the tables (about 20 ms)."""
        self.okta, self.auth0 = Okta(), Auth0()
        self.unwrap = Unwrap(self.okta, self.auth0)

    def classify(self, document: Mapping[str, Any]) -> LogClassification | None:
        """The meaning of an event, also inside an envelope; of several events, of the first that is a failure."""
        found = self.unwrap.one(document)
        if found is None:
            return None
        meaning = self.of_event(*found)
        if meaning is not None or found[1] is document:
            return meaning
        return next(filter(None, (self.of_event(*event) for event in self.unwrap.all(document))), None)

    def of_event(self, provider: str, event: Mapping[str, Any]) -> LogClassification | None:
        """The meaning of an event that is known to be one."""
        return self.okta.classify(event) if provider == "okta" else self.auth0.classify(event)


_built: dict[str, Classifier] = {}
"""The one classifier, once built. A dictionary, for `setdefault`: of threads that come first together, one fills it."""


def classifier() -> Classifier:
    """The shared classifier."""
    found = _built.get("classifier")
    return found if found is not None else _built.setdefault("classifier", Classifier())


def classify_event(event: LogDocument) -> LogClassification | None:
    """Classify a log event of Okta or Auth0: which problem it is, who has to act, and how.

    Okta's System Log events and Auth0's tenant log events, as they are or inside envelopes: EventBridge, Event
    Hooks, log streams (Datadog, Splunk HEC, Sumo Logic, Segment), CloudWatch, Pub/Sub, documents of Elastic's
    integrations. Of an envelope with several events the first failure counts; `events_in` gives each.

    Args:
        event: one decoded JSON object; also a list of them, or a line of a log with JSON in it, such as one of
            syslog. It is not changed. Anything else counts as no event.

    Returns:
        The classification; None for a success, for information, and for anything that is no such event.
    """
    return classifier().classify(as_envelope(event))


def attack_signal(event: LogDocument) -> AttackSignal | None:
    """The attack signal of an event, also of one that is no failure.

    `classify_event` gives the signals of failures (`classification.attack`); this gives those too, and the others: a
    raised user risk, a session that changed its network, a threat that was only logged.

    Args:
        event: what `classify_event` takes.

    Returns:
        The signal, or None.
    """
    found = classifier().unwrap.one(as_envelope(event))
    if found is None:
        return None
    meaning = classifier().of_event(*found)
    if meaning is not None and meaning.attack is not None and meaning.severity is not None:
        return AttackSignal(meaning.attack, meaning.severity)
    return classifier().okta.signal(found[1]) if found[0] == "okta" else None


def events_in(document: LogDocument) -> Iterator[Mapping[str, Any]]:
    """The vendor's events inside an envelope, in their order; an event itself is yielded as it is.

    Args:
        document: what `classify_event` takes, such as the body of an Event Hook or a batch of CloudWatch.
    """
    return (event for _, event in classifier().unwrap.all(as_envelope(document)))
