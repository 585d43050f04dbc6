"""Lookup tables for other programs: they say what `classify_event` says, in those programs that can be had here."""

from __future__ import annotations

import configparser
import csv
import io
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from authproblem.__main__ import main
from authproblem.logs import classify_event
from authproblem.logs._details import details_of
from authproblem.logs._export import COLUMNS, first_match, rules, splunk_app, to_csv
from tests.logs.cases import AUTH0, AUTH0_STREAM, CASES, DATA, Json
from tools.registry_data import ROOT

EXAMPLES = ROOT / "examples" / "logs"
MORE = ("factor", "prompt", "error", "family")
"""What decides where the type, the outcome and the texts do not."""
Answer = tuple[str, str | None, str | None] | None


def expected(event: Json) -> Answer:
    found = classify_event(event)
    return None if found is None else (found.reason, found.attack, found.severity)


def ordinary() -> list[Json]:
    """Events that type, outcome and texts decide: those of the vectors, and the published types with usual outcomes."""
    vectors = [{"uuid": "x", **case["event"]} if "eventType" in case["event"] else case["event"] for case in CASES]
    chance = random.Random(7)
    okta = (DATA / "okta-event-types.txt").read_text("utf-8").split()
    auth0 = (DATA / "auth0-log-types.txt").read_text("utf-8").split()
    results = ("SUCCESS", "FAILURE", "FAILURE", "DENY", "RATE_LIMIT", "CHALLENGE")
    reasons = ("INVALID_CREDENTIALS", "LOCKED_OUT", "no_matching_policy", "User rejected the push", "what is new", None)
    texts = ("Wrong email or password.", "user is blocked", "reused refresh token detected", "something else", "")
    made = [
        {
            "eventType": kind,
            "uuid": "x",
            "outcome": {"result": chance.choice(results), "reason": chance.choice(reasons)},
        }
        for kind in chance.sample(okta, 150)
    ]
    logged = [{"log_id": "1", "data": {"type": kind, "description": chance.choice(texts)}} for kind in auth0]
    return [*filter(decided, vectors), *made, *logged]


def decided(event: Json) -> bool:
    details = details_of(event)
    if details.code or details.status:
        return False  # they are not in the tables
    found = classify_event(event)
    from_registry = found is not None and found.entry and (found.matched_by == "text" or "eventType" not in event)
    return found is None or not (found.matched_by in MORE or from_registry)


ORDINARY = ordinary()


def test_the_rules_agree_with_classify_event() -> None:
    """The first that fits an event counts; one without a problem, and none at all, say that nothing failed."""
    table = rules()

    wrong = []
    for event in ORDINARY:
        rule = first_match(table, *looked_up(event))
        found = (rule.problem, rule.attack or None, rule.severity or None) if rule and rule.problem else None
        if found != expected(event):
            wrong.append((event, found, expected(event)))

    assert wrong == []
    assert len(ORDINARY) > 350


def looked_up(event: Json) -> tuple[str, str, str, str]:
    if "eventType" in event:
        outcome = event.get("outcome") or {}
        return "okta", event["eventType"], outcome.get("result") or "", outcome.get("reason") or ""
    data = event.get("data", event)
    error = (data.get("details") or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return "auth0", data["type"], "", " ".join(filter(None, (message, data.get("description"))))


def test_the_csv_is_the_rules() -> None:
    """Read by any reader of CSV."""
    rows = list(csv.reader(io.StringIO(to_csv())))

    assert rows[0] == list(COLUMNS)
    assert [tuple(row) for row in rows[1:]] == [tuple(rule) for rule in rules()]


@pytest.mark.parametrize(
    ("form", "start"), [("csv", "provider,event_type,result"), ("vrl", "# Reason, owner and remedy")]
)
def test_the_command_prints_them(capsys: pytest.CaptureFixture[str], form: str, start: str) -> None:
    """`registry --format` to standard output."""
    assert main(["registry", "--format", form]) == 0
    assert capsys.readouterr().out.startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "splunk"], "needs --output DIR"),
        (["--format", "csv", "--schema"], "goes with neither --schema nor --registry"),
        (["--format", "xml"], "invalid value"),
    ],
)
def test_the_command_names_what_is_missing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """With the exit status of wrong usage."""
    try:
        status: Any = main(["registry", *arguments])
    except SystemExit as end:
        status = end.code

    assert status == 2
    assert message in capsys.readouterr().err


def test_the_splunk_app_refers_to_what_is_in_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Splunk itself cannot be had here: names are compared, nothing is run."""
    assert main(["registry", "--format", "splunk", "--output", str(tmp_path)]) == 0
    assert set(capsys.readouterr().out.split()) == set(splunk_app(str(tmp_path)))

    transforms, props = conf(tmp_path / "default/transforms.conf"), conf(tmp_path / "default/props.conf")
    lookup = transforms["authproblem"]
    with (tmp_path / "lookups" / lookup["filename"]).open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    wildcards = re.findall(r"WILDCARD\((\w+)\)", lookup["match_type"])
    assert set(wildcards) <= set(columns)
    for name in props.sections():
        stanza, inputs, outputs = props[name]["LOOKUP-authproblem"].partition(" OUTPUT ")[::2], 4, 5
        table, *pairs = stanza[0].split()
        assert table == "authproblem"
        assert set(pairs[::3]) | set(stanza[1].split()[::3]) <= set(columns)
        assert (len(pairs) // 3, len(stanza[1].split()) // 3) == (inputs, outputs)


def conf(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser


def answer(added: Json | None) -> Answer:
    return None if added is None else (added["reason"], added.get("attack"), added.get("severity"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "authproblem.csv"
    path.write_text(to_csv(), encoding="utf-8")
    return path


def test_the_script_for_fluent_bit_agrees_with_classify_event(table: Path, tmp_path: Path) -> None:
    """Run by LuaJIT, which Fluent Bit has inside; `test_fluent_bit` runs Fluent Bit itself."""
    luajit = shutil.which("luajit") or pytest.skip("no luajit")
    driver = tmp_path / "driver.lua"
    driver.write_text(
        f"dofile({lua(str(EXAMPLES / 'authproblem.lua'))})\n"
        f"local events = {lua(ORDINARY)}\n"
        "for _, event in ipairs(events) do\n"
        "  local code, time, record = authproblem('auth', 1.5, event)\n"
        "  print(code, record.authproblem_reason, record.authproblem_attack, record.authproblem_severity)\n"
        "end\n",
        encoding="utf-8",
    )

    out = subprocess.run(
        [luajit, driver], env={"AUTHPROBLEM_CSV": str(table)}, capture_output=True, check=True, timeout=60
    ).stdout.decode()

    found = [line.split("\t") for line in out.splitlines()]
    assert [none_or(*line) for line in found] == [expected(event) for event in ORDINARY]


def none_or(code: str, reason: str, attack: str, severity: str) -> Answer:
    assert code == ("0" if reason == "nil" else "2")
    given = [None if value == "nil" else value for value in (attack, severity)]
    return None if reason == "nil" else (reason, given[0], given[1])


def lua(value: Any) -> str:
    """A JSON value as Lua."""
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(name)}] = {lua(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    if isinstance(value, str):
        return '"' + "".join(f"\\{byte}" if byte < 32 or byte in b'"\\' else chr(byte) for byte in value.encode()) + '"'
    return str(value)


def test_the_configuration_for_fluent_bit_names_the_script_and_its_function() -> None:
    """The classic format has no parser but Fluent Bit's own, which `test_fluent_bit` runs."""
    text = (EXAMPLES / "fluent-bit.conf").read_text("utf-8")
    section = dict(line.split(None, 1) for line in text.partition("[FILTER]")[2].partition("[")[0].strip().splitlines())

    assert (EXAMPLES / section["script"]).is_file()
    assert f"function {section['call']}(" in (EXAMPLES / section["script"]).read_text("utf-8")


def test_the_script_for_logstash_agrees_with_classify_event(table: Path, tmp_path: Path) -> None:
    """Run by Ruby with a stand-in of Logstash's event; Logstash itself cannot be had here."""
    ruby = shutil.which("ruby") or pytest.skip("no ruby")
    driver = tmp_path / "driver.rb"
    driver.write_text(
        """
require "json"
class Event
  def initialize(fields)
    @fields = fields
  end
  def get(name)
    path = name.start_with?("[") ? name.scan(/\\[([^\\]]+)\\]/).flatten : [name]
    path.reduce(@fields) { |here, step| here.is_a?(Hash) ? here[step] : nil }
  end
  def set(name, value)
    @fields[name] = value
  end
end
load ARGV[0]
register({ "table" => ARGV[1] })
JSON.parse(STDIN.read).each do |fields|
  event = Event.new(fields)
  raise "not one event" unless filter(event) == [event]
  puts JSON.generate(event.get("authproblem"))
end
""",
        encoding="utf-8",
    )

    out = subprocess.run(
        [ruby, driver, EXAMPLES / "authproblem.rb", table],
        input=json.dumps(ORDINARY).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout.decode()

    assert [answer(json.loads(line)) for line in out.splitlines()] == [expected(event) for event in ORDINARY]


def test_the_configuration_for_logstash_is_one() -> None:
    """Parsed with a parser of Logstash's grammar."""
    parser = pytest.importorskip("logstash_pipeline_parser").Pipeline((EXAMPLES / "logstash.conf").read_text("utf-8"))
    parser.remove_type("path")  # the file input's is a list
    parsed = repr(parser.parse())

    assert "authproblem.rb" in parsed
    assert "authproblem.csv" in parsed


def test_the_examples_fit_both_forms_of_auth0_s_events() -> None:
    """As the API gives them, and as a log stream wraps them."""
    table = rules()

    assert first_match(table, *looked_up(AUTH0)) == first_match(table, *looked_up(AUTH0_STREAM))
