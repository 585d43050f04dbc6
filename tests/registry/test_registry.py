"""The registry: look-ups, a team's own entries, and the schemas.

That the built-in data hold is `make lint`'s business (`tools/check_registry.py`, tested in `test_registry_lint.py`).
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from authproblem import Entry, Registry, classify, normalize
from authproblem.errors import RegistryError
from tests.support.responses import JSON_TYPE

Json = dict[str, Any]

# --- look-ups


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("okta:E0000047", "okta:E0000047"),
        ("E0000047", "okta:E0000047"),
        ("okta:LOCKED_OUT", "okta:LOCKED_OUT"),
        ("auth0:invalid_grant/wrong-credentials", "auth0:invalid_grant/wrong-credentials"),
        ("invalid_grant/wrong-credentials", "auth0:invalid_grant/wrong-credentials"),
        ("too_many_attempts", "auth0:too_many_attempts"),
        ("use_dpop_nonce", "auth0:use_dpop_nonce"),
        ("account_selection_required", "oauth:account_selection_required"),
        ("auth0:E0000047", None),
        ("E9999999", None),
        ("", None),
    ],
)
def test_lookup_by_id_with_or_without_provider(registry: Registry, name: str, found: str | None) -> None:
    """Without a provider, Auth0, Okta and OAuth are tried in this order."""
    entry = registry.lookup(name)
    wanted = found if found is None or registry.lookup(found) is not None else "an id of this test that does not exist"

    assert (entry and entry.id) == wanted


def test_lookup_by_every_alias(registry: Registry) -> None:
    """An alias leads to its entry, with the provider or with a bare name that no other entry has."""
    wrong = [
        (entry.id, alias)
        for entry in registry
        for alias in entry.aliases
        if registry.lookup(alias if ":" in alias else f"{entry.provider}:{alias}") != entry
    ]

    assert wrong == []
    assert any(entry.aliases for entry in registry)


def test_iterating_gives_every_entry_sorted_by_id(registry: Registry) -> None:
    """Once, and `len` counts them."""
    ids = [entry.id for entry in registry]

    assert ids == sorted(set(ids))
    assert len(registry) == len(ids)


def test_an_entry_inherits_what_it_does_not_say(registry: Registry) -> None:
    """Owner, remedy, retry, detail and hint are the type's where the row has none."""
    entry = registry.lookup("okta:E0000004")
    assert entry is not None

    inherited = (entry.owner, entry.remedy, entry.retry, entry.detail)

    assert inherited == (entry.type.owner, entry.type.remedy, entry.type.retry, entry.type.detail)


def test_builtin_is_one_and_the_same() -> None:
    """Read once, then shared."""
    assert Registry.builtin() is Registry.builtin()


# --- a team's own entries

DENIED = {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denied"}


def reason(registry: Registry, body: Json, status: int = 403) -> str | None:
    """The problem type of an Auth0 response."""
    found = classify(
        status, {"content-type": "application/json"}, json.dumps(body).encode(), provider="auth0", registry=registry
    )
    return found.reason if found is not None else None


def entry_of(registry: Registry, name: str) -> Entry:
    """The entry of a name that exists."""
    entry = registry.lookup(name)
    assert entry is not None
    return entry


def test_extend_adds_a_code_of_an_action(registry: Registry) -> None:
    """A code that a tenant defines is found by name and in responses."""
    own = registry.extend({"entries": [{**DENIED, "detail": "Your contract has ended.", "default_wait": 5}]})

    entry = entry_of(own, "acme_denied")
    assert (entry.reason, entry.detail, entry.default_wait) == ("access-denied", "Your contract has ended.", 5)
    assert reason(own, {"error": "acme_denied"}) == "access-denied"
    assert len(own) == len(registry) + 1


def test_extend_reads_a_file(registry: Registry, tmp_path: Path) -> None:
    """A path does as well as a mapping, as text or as `Path`."""
    path = tmp_path / "ours.json"
    path.write_text(json.dumps({"$schema": "x", "about": "ours", "entries": [DENIED]}))

    entries = [list(registry.extend(source)) for source in (path, str(path), {"entries": [DENIED]})]

    assert [entry.id for entry in entries[0]] == [entry.id for entry in entries[2]]
    assert entries[0] == entries[1]
    assert entry_of(registry.extend(path), "acme_denied").sources[0].at == "ours.json"


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "policy"},
        {"retry": "never"},
        {"detail": "Please call us."},
        {"hint": "See the runbook."},
        {"default_wait": 7},
    ],
)
def test_extend_changes_one_field_of_a_builtin_entry(registry: Registry, change: Json) -> None:
    """A row with an existing id changes what it names and nothing else."""
    own = registry.extend({"entries": [{"id": "auth0:invalid_user_password", **change}]})

    before, after = entry_of(registry, "invalid_user_password"), entry_of(own, "invalid_user_password")
    assert after == before.replace(**change)
    assert after != before


def test_extend_with_another_remedy_changes_what_the_user_reads(registry: Registry) -> None:
    """Users are not asked for the password again where an administrator has to act."""
    own = registry.extend({"entries": [{"id": "auth0:invalid_user_password", "remedy": "ask_admin"}]})

    before, after = entry_of(registry, "invalid_user_password"), entry_of(own, "invalid_user_password")
    assert after.remedy == "ask_admin"
    assert after.detail == registry.data["problem_types"]["sentences"]["ask_admin"]
    assert after.replace(remedy=before.remedy, detail=before.detail) == before


def test_extend_moves_a_builtin_entry_to_another_type(registry: Registry) -> None:
    """The new type's sentences come along, where the row had none of its own."""
    own = registry.extend({"entries": [{"id": "auth0:invalid_user_password", "type": "sign-in-failed"}]})

    assert reason(own, {"error": "invalid_user_password"}) == "sign-in-failed"
    assert reason(registry, {"error": "invalid_user_password"}) == "invalid-credentials"
    assert entry_of(own, "invalid_user_password").title == own.types["sign-in-failed"].title


def test_extend_distinguishes_own_texts_of_a_generic_code(registry: Registry) -> None:
    """An Action denies with `access_denied` and a sentence of the team's, which identifies the entry."""
    row = {"id": "auth0:access_denied/acme", "code": "access_denied", "texts": ["Contract {integer} has ended."]}
    own = registry.extend({"entries": [{**row, "type": "account-inactive"}]})

    body = {"error": "access_denied", "error_description": "contract 7 has ended"}
    assert [reason(r, body) for r in (own, registry)] == ["account-inactive", "access-denied"]


@pytest.mark.parametrize(("text", "sent"), [("pass", "Contract of jane@example.com ended."), ("known", None)])
def test_text_pass_lets_the_message_of_an_action_through(registry: Registry, text: str, sent: str | None) -> None:
    """Any text of such an entry is sent on; of others only known ones."""
    own = registry.extend({"entries": [{**DENIED, "text": text}]})
    body = json.dumps({"error": "acme_denied", "error_description": "Contract of jane@example.com ended."}).encode()

    problem = normalize(403, {"content-type": "application/json"}, body, provider="auth0", registry=own)

    assert problem is not None
    assert problem.extensions["error_description"] == (sent or problem.detail)


def test_extend_leaves_the_original_as_it_was(registry: Registry) -> None:
    """A new registry with a version of its own; the same rows give the same version."""
    before = list(registry)

    first, second = (registry.extend({"entries": [DENIED]}) for _ in range(2))
    other = registry.extend({"entries": [{**DENIED, "type": "permission-denied"}]})

    assert list(registry) == before
    assert first.version == second.version
    assert len({registry.version, first.version, other.version}) == 3
    assert first.version.startswith(registry.version + "+")


def test_extensions_add_up(registry: Registry) -> None:
    """The second changes what the first brought in."""
    own = registry.extend({"entries": [DENIED]}).extend({"entries": [{"id": DENIED["id"], "remedy": "none"}]})

    entry = entry_of(own, "acme_denied")
    assert (entry.reason, entry.remedy) == ("access-denied", "none")


def test_what_was_given_may_change_afterwards(registry: Registry) -> None:
    """The registry keeps no hand on the caller's lists."""
    row: Json = {
        "id": "auth0:access_denied/acme",
        "code": "access_denied",
        "texts": ["Contract ended."],
        "type": "access-denied",
    }
    own = registry.extend({"entries": [row]})

    row["texts"].append("Anything else")

    assert entry_of(own, "auth0:access_denied/acme").texts == ("Contract ended.",)


def test_an_entry_cannot_be_changed(registry: Registry) -> None:
    """Entries are shared by every middleware of the process."""
    with pytest.raises(AttributeError):
        next(iter(registry)).detail = "changed"  # type: ignore[misc]


MISTAKES: dict[str, tuple[object, tuple[str, ...]]] = {
    "no entries": ({"rows": []}, ('{"entries": [...]}',)),
    "a further member": ({"entries": [], "families": []}, ("families", "entries, $schema, about")),
    "a row that is no object": ({"entries": [DENIED, "acme"]}, ("entry 2", "an object with an id", "str")),
    "no id": (
        {"entries": [{"code": "x", "type": "access-denied"}]},
        (
            "entry 1: invalid id: None",
            "expected provider:code or provider:code/variant, with a provider of auth0, okta, oauth",
        ),
    ),
    "an id without provider": ({"entries": [{**DENIED, "id": "acme"}]}, ("id: 'acme'", "provider:code")),
    "an id of an unknown provider": (
        {"entries": [{**DENIED, "id": "google:acme"}]},
        ("google:acme", "auth0, okta, oauth"),
    ),
    "no type": ({"entries": [{"id": "auth0:acme", "code": "acme"}]}, ("auth0:acme", "type: None", "access-denied")),
    "an unknown type": (
        {"entries": [{**DENIED, "type": "access-denyed"}]},
        ("acme_denied", "access-denyed", "access-denied"),
    ),
    "an unknown remedy": (
        {"entries": [{**DENIED, "remedy": "pray"}]},
        ("acme_denied", "remedy: 'pray'", "expected one of ask_admin, "),
    ),
    "an unknown owner": ({"entries": [{**DENIED, "owner": "boss"}]}, ("acme_denied", "owner: 'boss'", "tenant")),
    "an unknown retry": (
        {"entries": [{**DENIED, "retry": "maybe"}]},
        ("acme_denied", "retry: 'maybe'", "after_action"),
    ),
    "an unknown text": ({"entries": [{**DENIED, "text": "all"}]}, ("acme_denied", "text: 'all'", "known, pass")),
    "an unknown field": (
        {"entries": [{**DENIED, "descripton": "x"}]},
        ("acme_denied", "descripton", "expected one of id, code, "),
    ),
    "a wrong JSON type": ({"entries": [{**DENIED, "detail": 7}]}, ("acme_denied", "detail: 7", "type str")),
    "a text where a list belongs": (
        {"entries": [{**DENIED, "texts": "Ended"}]},
        ("acme_denied", "texts: 'Ended'", "list"),
    ),
    "a wait that is none": (
        {"entries": [{**DENIED, "default_wait": True}]},
        ("acme_denied", "default_wait: True", "int"),
    ),
    "a wait of a week": (
        {"entries": [{**DENIED, "default_wait": 604800}]},
        ("acme_denied", "default_wait: 604800", "expected seconds from 0 to 86400"),
    ),
    "a status that is none": (
        {"entries": [{**DENIED, "status": [42]}]},
        ("acme_denied", "status: 42", "expected HTTP statuses from 200 to 599"),
    ),
    "a status in quotes": (
        {"entries": [{**DENIED, "status": ["403"]}]},
        ("acme_denied", "status: '403'", "200 to 599"),
    ),
    "an unknown shape": (
        {"entries": [{**DENIED, "shapes": ["xml"]}]},
        ("(auth0:acme_denied): invalid shapes: 'xml'", "expected one of auth0_api, auth0_problem, "),
    ),
    "an unknown surface": (
        {"entries": [{**DENIED, "surfaces": ["auth0.x"]}]},
        ("acme_denied", "auth0.x", "auth0.token"),
    ),
    "an empty text": (
        {"entries": [{**DENIED, "texts": [" "]}]},
        ("acme_denied", "texts: ' '", "expected texts that are not empty"),
    ),
    **{
        f"an empty text in {field}": (
            {"entries": [{**DENIED, field: ["x", ""]}]},
            (f"invalid {field}: ''", "expected texts that"),
        )
        for field in ("causes", "known", "reasons", "aliases")
    },
    "a number in known": ({"entries": [{**DENIED, "known": [7]}]}, ("known: 7", "expected texts that")),
    "an id with a line break": ({"entries": [{**DENIED, "id": "auth0:acme\nx"}]}, ("entry 1", "provider:code")),
    "an id with a blank at its end": ({"entries": [{**DENIED, "id": "auth0:acme "}]}, ("entry 1", "provider:code")),
    "a source of another form": (
        {"entries": [{**DENIED, "sources": ["RFC 1"]}]},
        (
            "sources: 'RFC 1'",
            'expected objects {"at": "...", "strength": ...} with a strength of recorded, documented, sdk',
        ),
    ),
    "an unknown slot": ({"entries": [{**DENIED, "texts": ["Hi {name}"]}]}, ("acme_denied", "Hi {name}", "{any}")),
    "neither code nor text": (
        {"entries": [{"id": "auth0:acme", "type": "access-denied"}]},
        ("auth0:acme", "code: None", "expected a code, or texts that identify the response without one"),
    ),
    "evidence by a template": (
        {"entries": [{"id": "auth0:acme", "texts": ["Hi {any}"], "type": "access-denied", "evidence": True}]},
        ("auth0:acme", "evidence: True", "false"),
    ),
    "a claim on a builtin entry": (
        {"entries": [{**DENIED, "id": "auth0:acme", "code": "invalid_user_password"}]},
        ("auth0:acme", "auth0:invalid_user_password"),
    ),
}


def test_a_row_may_use_every_field_and_every_shape(registry: Registry) -> None:
    """Those of the registry's own rows."""
    shapes = sorted({shape for entry in registry for shape in entry.shapes} | {"auth0_problem", "sentence", "html"})
    row = {
        **DENIED,
        "shapes": shapes,
        "status": [200, 403, 599],
        "name": "AcmeError",
        "texts": ["Ended {any}"],
        "reasons": ["ENDED"],
        "causes": ["ended"],
        "surfaces": ["auth0.token"],
        "known": ["Ended."],
        "usual_status": [403],
        "evidence": True,
        "sign_in": True,
        "lookup_only": False,
        "owner": "user",
        "remedy": "ask_admin",
        "retry": "never",
        "default_wait": 7,
        "text": "known",
        "detail": "It ended.",
        "hint": "See the wiki.",
        "internal": ["x"],
        "aliases": ["acme"],
        "note": "x",
        "retired": False,
        "since": "1.0.0",
        "sources": [{"at": "the wiki", "strength": strength} for strength in ("recorded", "documented", "sdk")],
    }
    entry = registry.extend({"entries": [row]}).lookup(DENIED["id"])

    assert entry is not None
    assert (sorted(entry.shapes), entry.reasons, entry.known, entry.default_wait) == (
        shapes,
        ("ENDED",),
        ("Ended.",),
        7,
    )
    assert [source.strength for source in entry.sources] == ["recorded", "documented", "sdk"]


@pytest.mark.parametrize("wait", [0, 86400])
def test_a_row_may_wait_for_up_to_a_day(registry: Registry, wait: int) -> None:
    """Both ends included."""
    entry = registry.extend({"entries": [{**DENIED, "default_wait": wait}]}).lookup(DENIED["id"])

    assert entry is not None
    assert entry.default_wait == wait


def test_what_an_own_row_knows_is_sent_on(registry: Registry) -> None:
    """Texts that identify no entry may still be known."""
    row = {**DENIED, "known": ["Your trial has ended."]}
    body = json.dumps({"error": DENIED["code"], "error_description": "Your trial has ended."}).encode()
    problem = normalize(403, [JSON_TYPE], body, provider="auth0", registry=registry.extend({"entries": [row]}))

    assert problem is not None
    assert problem.extensions["error_description"] == "Your trial has ended."


def test_a_template_is_no_text_of_its_own(registry: Registry) -> None:
    """A user may have typed the braces: only what fits the slot is known."""
    own = registry.extend({"entries": [{**DENIED, "known": ["Wait {integer} days."]}]})
    sent = []
    for text in ("Wait 7 days.", "Wait {integer} days."):
        body = json.dumps({"error": DENIED["code"], "error_description": text}).encode()
        problem = normalize(403, [JSON_TYPE], body, provider="auth0", registry=own)
        sent.append(problem is not None and problem.extensions["error_description"] == text)

    assert sent == [True, False]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_at_once_and_names_the_row(registry: Registry, mistake: str) -> None:
    """The message has the row, the field, and what is expected."""
    given, parts = MISTAKES[mistake]

    with pytest.raises(RegistryError) as failure:
        registry.extend(given)  # type: ignore[arg-type]

    assert [part for part in parts if part not in str(failure.value)] == []


@pytest.mark.parametrize("sources", [["RFC 1"], [{"at": "RFC 1"}], [{"at": 7, "strength": "documented"}]])
def test_sources_of_a_wrong_form_are_a_mistake_like_any_other(registry: Registry, sources: object) -> None:
    """They are read when the registry is built."""
    with pytest.raises(ValueError, match=r"acme_denied.*sources"):
        registry.extend({"entries": [{**DENIED, "sources": sources}]})


def test_a_file_that_is_no_json_is_named(registry: Registry, tmp_path: Path) -> None:
    """By its name, without the folder."""
    path = tmp_path / "ours.json"
    path.write_text("{")

    with pytest.raises(ValueError, match=r"^ours\.json: invalid file: .*expected JSON"):
        registry.extend(path)


def test_a_file_without_an_object_is_refused_with_what_is_expected(registry: Registry, tmp_path: Path) -> None:
    """A bare list of rows is the likeliest mistake."""
    path = tmp_path / "ours.json"
    path.write_text(json.dumps([DENIED]))

    with pytest.raises(ValueError, match=r"^ours\.json: invalid registry extension: .*expected an object"):
        registry.extend(path)


def test_a_file_that_is_missing_is_an_error_of_the_system(registry: Registry, tmp_path: Path) -> None:
    """As everywhere in Python."""
    with pytest.raises(FileNotFoundError):
        registry.extend(tmp_path / "none.json")


# --- the schemas


def schema(name: str) -> Any:
    """A schema of the package."""
    return json.loads(files("authproblem").joinpath(f"_registry/data/{name}.json").read_bytes())


def validator(name: str) -> Draft202012Validator:
    """A schema of the package, ready to validate."""
    return Draft202012Validator(schema(name))


@pytest.mark.parametrize("name", ["schema", "tables.schema", "document.schema", "wire.schema"])
def test_every_schema_is_one(name: str) -> None:
    """Draft 2020-12, with an id of its own."""
    Draft202012Validator.check_schema(schema(name))

    assert schema(name)["$id"].startswith("urn:authproblem:")


SOUND: Json = {
    "id": "auth0:acme_denied",
    "code": "acme_denied",
    "type": "access-denied",
    "evidence": False,
    "hint": "An Action of the tenant refused.",
    "sources": [{"at": "https://example.com/errors", "strength": "documented"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "acme_denied"},
        {"id": "google:acme"},
        {"id": "auth0:acme/"},
        {"code": ""},
        {"code": None},
        {"type": "Access Denied"},
        {"evidence": "no"},
        {"status": [99]},
        {"status": []},
        {"shapes": ["xml"]},
        {"texts": [""]},
        {"texts": ["twice", "twice"]},
        {"texts": ["one"], "causes": ["two"]},
        {"lookup_only": True, "texts": ["never seen"]},
        {"owner": "boss"},
        {"remedy": "pray"},
        {"retry": "maybe"},
        {"default_wait": -1},
        {"default_wait": 86401},
        {"text": "pass"},
        {"detail": "lower case."},
        {"detail": "No final dot"},
        {"detail": "Long. " * 40},
        {"hint": "Short"},
        {"sign_in": False},
        {"retired": False},
        {"since": "1.0"},
        {"sources": []},
        {"sources": [{"at": "somebody said so", "strength": "community"}]},
        {"sources": [{"at": "https://example.com", "strength": "rumor"}]},
        {"sources": ["https://example.com"]},
        {"colour": "red"},
    ],
)
def test_the_schema_rejects(change: Json) -> None:
    """One change to a row that holds, and it holds no more."""
    form = schema("schema")
    rows = Draft202012Validator({**form["$defs"]["entry"], "$defs": form["$defs"]})

    assert rows.is_valid(SOUND)
    assert not rows.is_valid({**SOUND, **change})


WIRE: Json = {
    "type": "urn:problem-type:auth:access-denied",
    "title": "Access denied",
    "status": 403,
    "detail": "You don't have access.",
    "reason": "access-denied",
    "owner": "policy",
    "remedy": "ask_admin",
    "retry": {"policy": "after_action", "automatic": False},
    "provider": "auth0",
    "upstream": {"status": 403, "code": "access_denied"},
    "error": "access_denied",
}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "urn:problem-type:auth:"},
        {"status": 200},
        {"status": "403"},
        {"reason": "no-such-type"},
        {"owner": "boss"},
        {"remedy": None},
        {"instance": None},
        {"provider": "google"},
        {"retry": {"policy": "after_action"}},
        {"retry": {"policy": "after_action", "automatic": True}},
        {"retry": {"policy": "after_action", "automatic": False, "after": 5, "source": "default"}},
        {"retry": {"policy": "after_delay", "automatic": False, "after": 5}},
        {"retry": {"policy": "after_delay", "automatic": False, "source": "default"}},
        {"retry": {"policy": "after_delay", "automatic": True, "after": 61, "source": "default"}},
        {"retry": {"policy": "after_delay", "automatic": True}},
        {"retry": {"policy": "poll", "automatic": False}},
        {"retry": {"policy": "after_delay", "automatic": False, "after": 5, "source": "guess"}},
        {"upstream": {"status": 403, "text": "raw"}},
        {"upstream": {"status": 403, "code": "a sentence"}},
        {"upstream": {"status": 403, "members": {"mfa_token": "x"}}},
        {"error_description": None},
        {"error_uri": "http://example.com"},
        {"errorCode": "a sentence"},
        {"errorCauses": [{"errorSummary": "x", "rejectedValue": None}]},
        {"errorCauses": [{}] * 33},
        {"validation_errors": [{"value": "secret"}]},
        {"anything": None},
    ],
)
def test_the_wire_schema_rejects(change: Json) -> None:
    """What this library would never send."""
    form = validator("wire.schema")

    assert form.is_valid(WIRE)
    assert not form.is_valid({**WIRE, **change})


def test_the_wire_schema_lets_protocol_documents_keep_everything() -> None:
    """A null of an upstream stays in a document that carries the next step, and nowhere else."""
    form = validator("wire.schema")

    kept = [form.is_valid({**WIRE, "user": None, **more}) for more in ({}, {"stateHandle": "02"})]

    assert kept == [False, True]
