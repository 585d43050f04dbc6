"""Similar spellings, for "did you mean ...?" in error messages of the command line."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 5


def similar(name: str, names: Iterable[str], least: float = 0.6) -> list[str]:
    """Return the names that are spelled most like one, best first; case does not count.

    Args:
        name: What somebody wrote.
        names: The names that exist.
        least: The least likeness, from 0 to 1.
    """
    from difflib import SequenceMatcher, get_close_matches

    by_folded = {candidate.lower(): candidate for candidate in names}
    matches = get_close_matches(name.lower(), by_folded, n=25, cutoff=least)
    matches.sort(key=lambda match: (-SequenceMatcher(None, match, name.lower()).ratio(), match))
    return [by_folded[match] for match in matches[:_MOST]]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the end of an error message: `; did you mean X?`, or nothing where no name is similar."""
    found = similar(name, names)
    if not found:
        return ""
    listed = f"{', '.join(found[:-1])} or {found[-1]}" if len(found) > 1 else found[0]
    return f"; did you mean {listed}?"
