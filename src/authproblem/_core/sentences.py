"""The sentences of a response that the registry does not have: what the phrase rules read, the most specific first."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

from authproblem._model import Entry, UpstreamError
from authproblem._registry.registry import Registry

MAX_SENTENCES = 8
"""Unknown sentences of one response that are read; further causes repeat it for further fields."""

_PROBLEM = "auth0_problem"
SHAPES_WITH_FURTHER = frozenset(("okta_api", _PROBLEM))
"""The shapes that have more to read where their sentences say nothing."""

_SUMMARY = "Api validation failed: "
"""What Okta puts before the name of the object that it has checked; the name alone means nothing."""
_RENAMED = ("payload too large", "content too large", "unprocessable entity", "unprocessable content")
"""The former and present names of two statuses (RFC 9110 section 15.5), which differ between versions of Python."""
_REASON_PHRASES = frozenset((*_RENAMED, *(status.phrase.lower() for status in HTTPStatus)))


def shape_of(provider: str, upstream: UpstreamError) -> str:
    """Return the shape by which a response is read here and by the phrase rules.

    My Account sends some of its problems with a bare word as `type`, which proves no vendor: where the response is
    Auth0's, a document with the members of a problem is one.
    """
    if provider != "auth0" or upstream.shape != "unknown" or upstream.document is None:
        return upstream.registry_shape
    return _PROBLEM if upstream.document.keys() >= {"title", "detail"} else upstream.shape


def unknown_sentences(
    registry: Registry, provider: str, upstream: UpstreamError, entry: Entry, shape: str
) -> list[str]:
    """Return the sentences that an entry does not have: of fields or causes, then the text; `MAX_SENTENCES` at most."""
    found = list(islice(_fields(upstream), MAX_SENTENCES - 1)) if shape == _PROBLEM else []
    for text, reason in upstream.causes:
        if text is not None:
            if registry.is_explained(provider, entry.id, text):
                continue
            found.append(text)
        if reason is not None:
            found.append(reason)
        if len(found) >= MAX_SENTENCES:
            return found[:MAX_SENTENCES]
    text = upstream.text
    if text is not None and not registry.is_explained(provider, entry.id, text) and _object_name(text) is None:
        found.append(text.removeprefix(_SUMMARY))
    return found


def further_sentences(upstream: UpstreamError, shape: str) -> Iterator[str]:
    """Yield what else a document of `SHAPES_WITH_FURTHER` has, for where its sentences say nothing."""
    more = _title(upstream) if shape == _PROBLEM else _named_causes(upstream)
    return islice(more, MAX_SENTENCES)


def unknown_code(registry: Registry, upstream: UpstreamError) -> str | None:
    """Return the code if no provider has it: then its words are read."""
    return None if upstream.code is None or registry.has_code_anywhere(upstream.code) else upstream.code


def _fields(upstream: UpstreamError) -> Iterator[str]:
    """What was wrong with which field of the request, in Auth0's problem documents.

    "at" separates the sentence from the field's name, so that no phrase spans both.
    """
    errors = (upstream.document or {}).get("validation_errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and isinstance(error.get("detail"), str):
            yield _joined(error["detail"], "at", error.get("pointer"), error.get("field"))


def _named_causes(upstream: UpstreamError) -> Iterator[str]:
    """Okta's causes with the names of what they are about: the object of the summary, and the location.

    "Does not match the pattern" is about a password where the object is one. A name alone says nothing. "at" separates
    the sentence from the names.
    """
    name = _object_name(upstream.text) if upstream.text is not None else None
    causes = (upstream.document or {}).get("errorCauses")
    for cause in causes if isinstance(causes, list) else (causes,):
        if isinstance(cause, dict) and (name is not None or "location" in cause):
            yield _joined(cause.get("errorSummary"), cause.get("reason"), "at", name, cause.get("location"))


def _title(upstream: UpstreamError) -> Iterator[str]:
    """The title of a problem document that is more than the name of a status."""
    title = (upstream.document or {}).get("title")
    if isinstance(title, str) and title.lower() not in _REASON_PHRASES:
        yield title


def _joined(*parts: object) -> str:
    return " ".join(part for part in parts if isinstance(part, str))


def _object_name(summary: str) -> str | None:
    """Return the name of the object that Okta has checked; None where a summary says more or something else."""
    name = summary.removeprefix(_SUMMARY)
    return name if name is not summary and " " not in name else None
