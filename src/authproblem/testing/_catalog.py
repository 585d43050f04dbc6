"""From a registry entry to the response that the vendor sends for it. One mechanism: the entry, a template, and a row.

The entry gives code, text, causes and status; `templates.json` the wire form; a row of `responses.json` what cannot be
derived from either (a recorded text or member). Requests, limits and adapters do not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from authproblem import Entry, Registry
from authproblem._upstream.json_values import is_e_code
from authproblem.errors import Error
from authproblem.testing._http import Response
from authproblem.testing._templates import Json, fill, read_data, sample

PROTOCOL = ("okta_idx", "okta_state", "okta_factor")
"""Forms that are documents of a flow: the middleware passes them whole."""


class UnknownEntryError(Error, LookupError):
    """No error with this id can be sent by this fake."""


class Variation(NamedTuple):
    """The differences that a test wants from the usual response of an entry.

    Attributes:
        status: the HTTP status.
        text: the vendor's sentence.
        form: the wire form, such as `okta_idx`: a key of `forms` in `templates.json`.
        members: members of the JSON body that are added or replaced; None takes a member out.
        headers: further headers.
    """

    status: int | None = None
    text: str | None = None
    form: str | None = None
    members: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class Catalog:
    """The errors of one registry as responses."""

    def __init__(self, registry: Registry | None = None) -> None:
        """Prepare a catalog.

        Args:
            registry: the registry; the built-in one where None. Entries of a team's own are sent like all others.
        """
        self.registry = registry if registry is not None else Registry.builtin()
        self._templates = read_data("templates")
        self._rows: Json = read_data("responses")["entries"]

    def entries(self, *providers: str) -> Iterator[Entry]:
        """The entries that can be sent, of these providers (all where none is named), sorted by id."""
        return (e for e in self.registry if (not providers or e.provider in providers) and self.can_send(e))

    def can_send(self, entry: Entry) -> bool:
        """Whether the entry is a response: not a mere name of the vendor's log."""
        return not entry.lookup_only or entry.id in self._rows

    def find(self, name: str, *providers: str) -> Entry:
        """Find an entry that can be sent.

        Args:
            name: the id, such as `okta:E0000047`; without its provider the first one given is meant.
            providers: those whose entries count; all where none is named.

        Raises:
            UnknownEntryError: if there is none; the message names those that are spelled like it.
        """
        found = next((e for p in providers if (e := self.registry.lookup(f"{p}:{name}"))), None)
        entry = self.registry.lookup(name) if ":" in name or found is None else found
        if entry is None:
            near = get_close_matches(name, [e.id for e in self.entries(*providers)], n=3, cutoff=0.5)
            meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise UnknownEntryError(f"unknown error {name!r}; expected the id of a registry entry{meant}")
        if providers and entry.provider not in providers:
            raise UnknownEntryError(f"{entry.id!r} cannot be sent here; expected an entry of {' or '.join(providers)}")
        if not self.can_send(entry):
            raise UnknownEntryError(f"{entry.id!r} is never sent as a response (lookup only): {entry.hint}")
        return entry

    def form(self, entry: Entry) -> str:
        """The wire form of the entry: a key of `forms` in `templates.json`."""
        return self._form(entry, self._rows.get(entry.id, {}))

    def representatives(self, *providers: str, remedy: str | None = None) -> dict[str, Entry]:
        """One entry for each problem type that a provider sends as an error: the most typical one.

        Args:
            providers: those whose entries count; all where none is named.
            remedy: only entries with this remedy.
        """
        found: dict[str, Entry] = {}
        for entry in sorted(self.entries(*providers), key=self._preference):
            if remedy in {None, entry.remedy}:
                found.setdefault(entry.reason, entry)
        return dict(sorted(found.items()))

    def _preference(self, entry: Entry) -> tuple[bool, ...]:
        """Errors before documents, any endpoint before certain ones, what is typical before what is not."""
        typical = (entry.remedy, entry.retry) == (entry.type.remedy, entry.type.retry)
        protocol = self.form(entry).startswith(PROTOCOL)
        return protocol, bool(entry.surfaces), not typical, entry.provider == "oauth", not entry.evidence

    def endpoint(self, entry: Entry) -> str:
        """A path of the vendor at which the entry is seen."""
        row = self._rows.get(entry.id, {})
        if "endpoint" in row:
            return str(row["endpoint"])
        if entry.surfaces:
            surface = next(s for s in self.registry.data["surfaces"]["surfaces"] if s["id"] == min(entry.surfaces))
            return re.sub(r"\{x\}|\*", "x1", surface["paths"][0])
        paths: dict[str, str] = self._templates["endpoints"][entry.provider]
        return paths.get(self._form(entry, row), paths["*"])

    def status(self, entry: Entry) -> int:
        """The HTTP status with which the vendor sends the entry, as a rule."""
        row = self._rows.get(entry.id, {})
        if "status" in row:
            return int(row["status"])
        usual = self.registry.row(entry.id).get("usual_status", ())
        form = self._templates["forms"][self._form(entry, row)]
        return int(form.get("status") or next(iter(usual), 0) or min(entry.status, default=400))

    def response(self, entry: Entry, values: Mapping[str, Any], variation: Variation) -> Response:
        """The vendor's response for an entry, without what its edge adds to all responses.

        Args:
            entry: the entry.
            values: what varies from response to response: ids, `origin`, `now`, `redirect_uri`, `state`.
            variation: what a test wants to be different.
        """
        row = self._rows.get(entry.id, {})
        form = self._templates["forms"][variation.form or self._form(entry, row)]
        status = variation.status or self.status(entry)
        text = variation.text if variation.text is not None else self._text(entry, row) or form.get("text")
        filled = {**values, **self._vendor_values(entry, row, status, text)}
        filled |= {"user": self._templates["user"], **_in_headers(filled)}
        members = {**fill(row.get("members", {}), filled), **(variation.members or {})}
        body = _body(fill(row.get("body", form["body"]), filled), members, row.get("members", {}))
        media = [("content-type", form["media_type"])] if "media_type" in form else []
        headers = [*form.get("headers", ()), *row.get("headers", ())]
        lines = {str(name): str(fill(value, filled)) for name, value in (*media, *headers)}
        lines |= {name.lower(): value for name, value in (variation.headers or {}).items()}
        return Response(status, tuple(lines.items()), body)

    def _form(self, entry: Entry, row: Json) -> str:
        if "form" in row:
            return str(row["form"])
        for name in self._templates["prefer"] if entry.shapes else ():
            if name in entry.shapes:
                return str(name)
        choices = self._templates["choose"]
        return next(str(choice["form"]) for choice in choices if _fits(choice, entry))

    def _vendor_values(self, entry: Entry, row: Json, status: int, text: str | None) -> Json:
        """Return what the vendor sends: the code, texts and causes of the entry, with what its row replaces."""
        causes: list[Json] = [{"errorSummary": sample(cause)} for cause in entry.causes[:1]]
        causes = causes or [{"errorSummary": row.get("cause", text), "reason": reason} for reason in entry.reasons[:1]]
        return {
            "code": row.get("code", entry.code),
            "key": f"errors.{entry.code}" if is_e_code(entry.code) else entry.code,
            "text": text,
            "name": entry.name or row.get("name", "BadRequestError"),
            "status": status,
            "status_text": str(status),
            "phrase": row.get("phrase", HTTPStatus(status).phrase),
            "title": row.get("title", HTTPStatus(status).phrase),
            "step": row.get("step", "challenge-authenticator"),
            "causes": causes,
        }

    def _text(self, entry: Entry, row: Json) -> str | None:
        """Return the sentence of the row, of the entry, or of the plain entry with the same code."""
        if "text" in row:
            return row["text"] or None
        if own := (*entry.texts, *entry.known):
            return sample(own[0])
        plain = self.registry.lookup(f"{entry.provider}:{entry.code}")
        return sample((*plain.texts, *plain.known)[0]) if plain is not None and (plain.texts or plain.known) else None


def _fits(choice: Json, entry: Entry) -> bool:
    if choice.get("provider", entry.provider) != entry.provider:
        return False
    return "code" not in choice or re.fullmatch(choice["code"], entry.code or "") is not None


def _body(filled: Any, members: Mapping[str, Any], own: Mapping[str, Any]) -> bytes:
    if isinstance(filled, str) or filled is None:
        return (filled or "").encode()
    removed = {name for name, value in {**own, **members}.items() if value is None}
    document = {name: value for name, value in {**filled, **members}.items() if name not in removed}
    return orjson.dumps(document)


def _in_headers(values: Mapping[str, Any]) -> Json:
    """The error as a redirect and as a challenge: code and text at another place."""
    code, text = values["code"], values["text"]
    query: dict[str, str | None] = {"error": code, "error_description": text, "state": values.get("state")}
    where = str(values.get("redirect_uri") or "https://app.example.com/callback")
    parts = [f'{name}="{value}"' for name, value in (("error", code), ("error_description", text)) if value]
    mark = "&" if "?" in where else "?"
    return {
        "redirect": where + mark + urlencode({name: value for name, value in query.items() if value}),
        "challenge": "Bearer " + ", ".join(parts),
    }
