"""Leave one out: what the classifier says of each registered text when the registry does not know it.

Each entry in turn loses all its texts (an entry that is found by texts or causes is left out as a whole, so that none
of its other texts helps), and each of these texts is put into a recorded response of the entry and classified; of an
entry that is found by an Identity Engine key, the key is left out. Texts that another entry has too are not counted.
The result is *right* (the entry's own type), *general* (a type that may be refined to it, so that nobody is misled),
*wrong*, or *harmful*: worse than saying nothing (`harm` says what that is). `make unseen`
prints the shares and writes `docs/unseen.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script

from authproblem import Classification, Registry, classify
from authproblem._core.classify import ClassifierInput, meaning
from authproblem._core.sender import Sender
from authproblem._model import Entry, UpstreamError
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._registry.texts import fill
from authproblem._upstream.headers import PLAIN_JSON
from authproblem._upstream.response import UpstreamResponse
from tools.markdown import code, table
from tools.registry_data import ROOT, Data, read

PAGE = Path("docs/unseen.md")
COMMAND = "make unseen"
GOALS = {"right": 0.70, "safe": 0.85, "harmful": 0.0}
"""Shares that the run must reach: right; right or general; harmful at most."""

_AWAY = frozenset(("sign_in", "reset_password"))
_WAITS = frozenset(("after_delay", "once", "poll"))
_FAILING = frozenset(("upstream", "limit"))
VERDICTS = ("right", "general", "wrong", "harmful")


class Trial(NamedTuple):
    """One text that was left out, and what was said of it."""

    entry: Entry
    text: str
    shape: str
    status: int
    found: Classification | None
    verdict: str


def trials(data: Data, registry: Registry) -> Iterator[Trial]:
    """Leave out each entry's texts, or its Identity Engine key, and classify what it was registered for."""
    responses = _responses(data)
    for entry in registry:
        if entry.lookup_only or not responses[entry.id]:
            continue
        smaller = without(registry, entry)
        for text, (status, said, sender) in _unseen(entry, responses[entry.id]):
            surfaces = EndpointSurfaces(smaller.surfaces, sender.endpoint)
            found = meaning(ClassifierInput(smaller, UpstreamResponse(status, PLAIN_JSON, b""), sender, surfaces), said)
            if not _is_known(smaller, entry, said, found):
                shape = f"{said.shape}, by key" if text == entry.code else said.shape
                yield Trial(entry, text, shape, status, found, rate(registry, entry, found, status))


def _unseen(entry: Entry, responses: list[Response]) -> Iterator[tuple[str, Response]]:
    """Yield each text of an entry (or the key that it is known by) with a recorded response that carries it."""
    texts = [("text", text) for text in (*entry.texts, *entry.known)]
    texts += [("cause", text) for text in entry.causes]
    for kind, template in texts:
        status, said, sender = _best(responses, kind)
        text = fill(template)
        is_cause = kind == "cause" or said.shape == "okta_idx"
        if is_cause or (template in entry.known and any(cause for cause, _ in said.causes)):
            yield text, (status, said.replace(causes=((text, None),)), sender)
        else:
            yield text, (status, said.replace(text=text), sender)
    if not texts and entry.code is not None and entry.shapes == {"okta_idx"}:
        yield entry.code, responses[0]


def _is_known(smaller: Registry, entry: Entry, said: UpstreamError, found: Classification | None) -> bool:
    """Whether the smaller registry knows the text after all, from another entry: then nothing is unseen."""
    text = said.causes[0][0] if said.causes else said.text
    if found is not None and found.matched_by in {"code_description", "cause"}:
        return True
    return text is not None and found is not None and smaller.is_explained(entry.provider, found.entry or "", text)


def without(registry: Registry, entry: Entry) -> Registry:
    """The registry without an entry's texts, and without the entry where texts are what finds it."""
    if entry.texts or entry.causes or not entry.known:
        return registry.without(entry.id)
    return registry.without(entry.id, "known")


def rate(registry: Registry, entry: Entry, found: Classification | None, status: int) -> str:
    """What a result is worth where the entry would have been right."""
    if found is None:
        return "general"
    if found.reason == entry.reason:
        return "right"
    if harm(registry, entry, found, status):
        return "harmful"
    refinements = registry.phrases.refinements.get(found.reason, frozenset())
    nothing_said = found.matched_by != "phrase" and found.reason in _UNSPECIFIC_TYPES
    return "general" if entry.reason in refinements or nothing_said else "wrong"


_UNSPECIFIC_TYPES = frozenset(("invalid-request", "upstream-rejected", "access-denied", "authentication-failed"))


def harm(registry: Registry, entry: Entry, found: Classification, status: int) -> bool:
    """Whether a phrase has made things worse: the user sent away, a program that waits, the caller blamed."""
    if found.matched_by != "phrase":
        return False
    chosen = registry.types[found.reason]
    if chosen.remedy in _AWAY and entry.remedy not in _AWAY:
        return True
    if chosen.retry in _WAITS and entry.retry not in _WAITS and chosen.slug == "rate-limited":
        return True
    return (status >= 500 or status == 429) and entry.owner in _FAILING and chosen.owner in {"user", "client"}


Response = tuple[int, UpstreamError, Sender]


def _responses(data: Data) -> dict[str, list[Response]]:
    """The recorded responses of each entry, as far as they are understood."""
    found: dict[str, list[Response]] = defaultdict(list)
    for vector in data.vectors:
        row = vector.row
        if row["entry"] is None:
            continue
        headers = [tuple(pair) for pair in row["headers"]]
        states = row.get("transaction_states", False)
        seen = classify(
            row["status"],
            headers,
            vector.body,
            provider=row["provider"],
            endpoint=row["endpoint"],
            transaction_states=states,
        )
        if seen is not None:
            sender = Sender(row["provider"] or seen.provider, certain=True, endpoint=row["endpoint"])
            found[row["entry"]].append((row["status"], seen.upstream, sender))
    return found


def _best(responses: list[Response], kind: str) -> Response:
    """A response that has what is to be replaced."""
    for response in responses:
        said = response[1]
        if (said.causes if kind == "cause" else said.text) and said.shape != "okta_idx":
            return response
    return responses[0]


def unsupported(data: Data, registry: Registry, done: list[Trial]) -> list[str]:
    """The phrase rules that fewer than two registered texts support, and that say no reason."""
    support: Counter[str] = Counter()
    for trial in done:
        support[registry.phrases.rule_of(trial.text, trial.entry.reason) or ""] += 1
    rules = data.table("phrases")["rules"]
    return [row["id"] for row in rules if support[row["id"]] < 2 and "because" not in row]


def shares(done: list[Trial]) -> dict[str, float]:
    """The share of each verdict; `safe` is right or general."""
    counts = Counter(trial.verdict for trial in done)
    found = {verdict: counts[verdict] / len(done) for verdict in VERDICTS}
    return {**found, "safe": found["right"] + found["general"]}


def page(done: list[Trial]) -> str:
    """The page of figures."""
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in done:
        groups[trial.entry.provider, trial.shape].append(trial)
    rows = [_row(*key, some) for key, some in sorted(groups.items())]
    rows.append(_row("all", "", done))
    worst = [trial for trial in done if trial.verdict in {"wrong", "harmful"}]
    worst.sort(key=lambda trial: (trial.verdict != "harmful", trial.entry.id))
    lines = [
        "# Sentences that the registry has never seen",
        "",
        " ".join((__doc__ or "").split("\n\n")[1].split()),
        "",
        f"Written by `{COMMAND}`, which fails below {GOALS['right']:.0%} right, below {GOALS['safe']:.0%} right or",
        "general, or with anything harmful.",
        "",
        *table(("Provider", "Shape", "Texts", *(verdict.capitalize() for verdict in VERDICTS)), rows),
        "",
        "## What is wrong",
        "",
        *table(
            ("Entry", "Status", "Text", "Is", "Taken for"),
            [
                (code(t.entry.id), str(t.status), code(t.text[:100]), t.entry.reason, t.found.reason if t.found else "")
                for t in _one_each(worst)
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def _one_each(some: list[Trial]) -> list[Trial]:
    """One trial for each entry and response."""
    return list({(t.entry.id, t.found.reason if t.found else ""): t for t in reversed(some)}.values())[::-1]


def _row(provider: str, shape: str, some: list[Trial]) -> tuple[str, ...]:
    found = shares(some)
    return (provider, shape, str(len(some)), *(f"{found[verdict]:.1%}" for verdict in VERDICTS))


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write no page")
    parser.add_argument("--worst", type=int, default=20, help="how many wrong answers to print")
    options = parser.parse_args()
    data, _ = read(ROOT)
    registry = Registry.builtin()
    done = list(trials(data, registry))
    if not options.check:
        (ROOT / PAGE).write_text(page(done), encoding="utf-8")
    for trial in _one_each([t for t in done if t.verdict in {"wrong", "harmful"}])[: options.worst]:
        taken = trial.found.reason if trial.found is not None else "nothing"
        print(f"{trial.verdict}: {trial.entry.id} ({trial.entry.reason}) -> {taken}: {trial.text}")
    for rule in (unused := unsupported(data, registry, done)):
        print(f"phrase rule {rule}: fewer than two registered texts support it; say why in `because`, or take it out")
    found = shares(done)
    print(f"{len(done)} texts: " + ", ".join(f"{verdict} {found[verdict]:.1%}" for verdict in (*VERDICTS, "safe")))
    good = found["right"] >= GOALS["right"] and found["safe"] >= GOALS["safe"] and found["harmful"] <= GOALS["harmful"]
    return 0 if good and not unused else 1


if __name__ == "__main__":
    sys.exit(main())
