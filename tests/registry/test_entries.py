"""Entries and problem types from rows of the data files."""

from __future__ import annotations

from authproblem._model import Source
from authproblem._registry.entries import bare_entry, entry_of, problem_type_of
from authproblem._registry.load import read_builtin

TYPES = {row["slug"]: problem_type_of(row) for row in read_builtin()[0]["problem_types"]["types"]}
SENTENCES = {"ask_admin": "Ask an administrator."}
ROW = {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denied", "evidence": True, "since": "1.0.0"}


def test_an_entry_takes_from_its_type_what_its_row_does_not_say() -> None:
    """Owner, remedy, retry and the sentences."""
    kind = TYPES["access-denied"]
    entry = entry_of({**ROW, "detail": "Ask Jane."}, TYPES, SENTENCES)

    assert (kind.owner, kind.remedy, kind.retry, "Ask Jane.", kind.hint) == (
        *(entry.owner, entry.remedy, entry.retry),
        *(entry.detail, entry.hint),
    )


def test_a_stand_in_entry_has_no_id_and_the_sentences_of_its_type() -> None:
    """For responses of which only the problem type is known."""
    kind = TYPES["rate-limited"]
    entry = bare_entry(kind)

    assert ("", None, kind, kind.detail, kind.hint) == (entry.id, entry.code, entry.type, entry.detail, entry.hint)


def test_lists_of_a_row_become_values_that_cannot_change() -> None:
    """Statuses and shapes become sets, texts keep their order, and sources become `Source`."""
    source = {"at": "RFC 6749 5.2", "strength": "documented"}
    entry = entry_of({**ROW, "status": [403], "texts": ["B.", "A."], "sources": [source]}, TYPES, SENTENCES)

    assert (frozenset({403}), ("B.", "A."), (Source("RFC 6749 5.2", "documented"),)) == (
        *(entry.status, entry.texts),
        entry.sources,
    )


def test_notes_for_maintainers_stay_in_the_row() -> None:
    """An entry has the fields that are used, not `note` and `internal`."""
    assert entry_of(ROW, TYPES, SENTENCES) == entry_of(
        {**ROW, "note": "Seen once.", "internal": ["X"]}, TYPES, SENTENCES
    )


def test_the_sentence_for_users_follows_the_remedy() -> None:
    """Users are not asked to sign in where an administrator has to act; the row's own sentence wins."""
    other = entry_of({**ROW, "remedy": "ask_admin"}, TYPES, SENTENCES)
    same = entry_of({**ROW, "remedy": TYPES["access-denied"].remedy}, TYPES, SENTENCES)
    own = entry_of({**ROW, "remedy": "ask_admin", "detail": "Ask Jane."}, TYPES, SENTENCES)

    usual = TYPES["access-denied"].detail
    expected = "Ask an administrator." if TYPES["access-denied"].remedy != "ask_admin" else usual
    assert (expected, usual, "Ask Jane.") == (other.detail, same.detail, own.detail)


def test_only_the_word_pass_lets_unknown_texts_through() -> None:
    """A team sets it for the codes that its tenant defines."""
    assert not entry_of(ROW, TYPES, SENTENCES).pass_text
    assert entry_of({**ROW, "text": "pass"}, TYPES, SENTENCES).pass_text
