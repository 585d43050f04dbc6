"""Reads the data files, and a team's extension on top of them, into rows.

The files are read as they are; rows of an extension are checked (`validate`). Rows become entries in `entries`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from authproblem._model import PROVIDERS, Json, ProblemType
from authproblem._registry.validate import check_row, check_top_level, fail

_FOLDER = os.path.join(os.path.dirname(__file__), "data")


def read_builtin() -> tuple[dict[str, Json], dict[str, Json], dict[str, list[Json]], dict[str, list[str]], str]:
    """Read the files of the package.

    Returns:
        The tables, the rows of all entries by id, the families and the further known texts of each provider, and the
        version.
    """
    manifest = _read("manifest")
    tables = {name: _read(name) for name in manifest["tables"]}
    rows: dict[str, Json] = {}
    families: dict[str, list[Json]] = {}
    known: dict[str, list[str]] = {provider: list(tables["shapes"].get("known", ())) for provider in PROVIDERS}
    for name in manifest["entries"]:
        document = _read(name)
        for row in document["entries"]:
            rows[row["id"]] = {"since": document["since"], **row}
        families.setdefault(document["provider"], []).extend(document.get("families", ()))
        known[document["provider"]] += document.get("known", ())
    return tables, rows, families, known, manifest["version"]


def merge_extension(
    source: str | os.PathLike[str] | Mapping[str, Any],
    rows: Mapping[str, Json],
    types: Mapping[str, ProblemType],
    surfaces: Collection[str],
) -> tuple[dict[str, Json], str]:
    """Put the rows of an extension on top of others.

    Returns:
        All rows by id, and a checksum of the extension.

    Raises:
        RegistryError: for an invalid row.
        OSError: if the file cannot be read.
    """
    document, where = _read_extension(source)
    merged = dict(rows)
    for number, given in enumerate(document.get("entries", ())):
        place = f"{where}, entry {number + 1}"
        if not isinstance(given, Mapping):
            fail(place, "entry", given, "an object with an id")
        # A copy by way of JSON: nothing that the caller changes later may change a registry.
        row = {**merged.get(str(given.get("id")), {}), **orjson.loads(orjson.dumps(dict(given)))}
        row.setdefault("evidence", False)
        row.setdefault("sources", [{"at": where, "strength": "documented"}])
        row.setdefault("since", "0.0.0")
        check_row(row, place, types, surfaces)
        merged[row["id"]] = row
    _check_collisions(merged, where)
    return merged, f"{_checksum(document):08x}"


def _read(name: str) -> Json:
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        document: Json = orjson.loads(file.read())
    return document


def _read_extension(source: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    if isinstance(source, Mapping):
        document, where = source, "the registry extension"
    else:
        where = os.path.basename(os.fspath(source))
        with open(source, "rb") as file:
            try:
                document = orjson.loads(file.read())
            except orjson.JSONDecodeError as error:
                fail(where, "file", str(error), "JSON")
    check_top_level(document, where)
    return document, where


def _checksum(document: Mapping[str, Any]) -> int:
    """Return a checksum of an extension: events show by it which registry was in use."""
    import zlib

    return zlib.crc32(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


def _check_collisions(rows: Mapping[str, Json], where: str) -> None:
    """Refuse two rows that match the same responses: the second could never be found."""
    claims: dict[Any, str] = {}
    for row in rows.values():
        if row.get("lookup_only"):
            continue
        conditions = tuple(
            tuple(sorted(map(str, row.get(key, ())))) for key in ("shapes", "status", "surfaces", "causes", "reasons")
        )
        for text in _texts(row):
            claim = (row["id"].partition(":")[0], row.get("code"), row.get("name"), conditions, text)
            first = claims.setdefault(claim, row["id"])
            if first != row["id"]:
                fail(where, "id", row["id"], f"a row that matches other responses than {first} (or change {first})")


def _texts(row: Json) -> Iterable[str | None]:
    return row.get("texts") or (None,)
