"""Recorded HTTP exchanges, played back as they are: one line of JSON an exchange."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tests.github.messages import Reply, Request, problem
from tests.github.wire import Plug
from tests.github.world import Item

_HOME = "https://api.github.com"
_TEMPLATE = re.compile(r"\{\{(?:now|testStartDate)([^}]*)\}\}")
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def read(path: Path, scenario: str = "") -> list[Item]:
    """The recorded exchanges in their order: of one scenario, or all."""
    rows: list[Item] = [msgspec.json.decode(line) for line in path.read_bytes().split(b"\n") if line.strip()]
    return [row for row in rows if scenario in {"", row["scenario"]}]


def scenarios(path: Path) -> list[str]:
    """Their names, in the order of the file."""
    return list(dict.fromkeys(row["scenario"] for row in read(path)))


@dataclass
class Replay(Plug):
    """Answers what was recorded, 404 for anything else; URLs and `Link`s lead here.

    Where one URL was answered differently in turn, `state` says [when, then]. A request may name parameters the
    recorded one does not, but not another page.
    """

    rows: list[Item]
    states: dict[str, str] = field(default_factory=dict)
    """Where each URL stands."""

    @property
    def api_url(self) -> str:
        return self.url

    def respond(self, asked: Request) -> Reply:
        for matches in (_is_same, _is_near):
            for row in self.rows:
                if matches(row, asked) and self._is_due(row):
                    return self._play(row, asked)
        return problem(404, f"not recorded: {asked.method} {asked.path} {dict(asked.query)}")

    def _is_due(self, row: Item) -> bool:
        state = row.get("state")
        return not state or state[0] == self.states.get(_key(row), "Started")

    def _play(self, row: Item, asked: Request) -> Reply:
        if (row.get("state") or [None, None])[1]:
            self.states[_key(row)] = row["state"][1]
        if row.get("fault"):
            return _broken(row["fault"])
        headers = {name: fill(str(value)).replace(_HOME, self.url) for name, value in row["headers"].items()}
        etag = headers.get("ETag")
        if etag and asked.headers.get("if-none-match", "").removeprefix("W/") == etag.removeprefix("W/"):
            return Reply(b"", 304, headers)
        if row["body_kind"] == "text":
            return Reply(str(row["body"] or "").encode(), row["status"], headers)
        body = msgspec.json.encode(row["body"]).replace(_HOME.encode(), self.url.encode())
        return Reply(body, row["status"], headers)


def fill(value: str) -> str:
    """The text with its templates of time filled in."""

    def moment(match: re.Match[str]) -> str:
        options = dict(re.findall(r"(\w+)='([^']*)'", match[1]))
        number, _, unit = options.get("offset", "0 seconds").partition(" ")
        at = time.time() + int(number) * _UNITS[unit.rstrip("s")]
        return str(int(at)) if options.get("format") == "unix" else formatdate(at, usegmt=True)

    return _TEMPLATE.sub(moment, value)


def _broken(fault: str) -> Reply:
    if "RANDOM" in fault or "MALFORMED" in fault:
        return Reply(b"\x00\xff no answer at all", 200, cut_after=8)
    return Reply(b"x" * 64, 200, cut_after=0)


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _key(row: Item) -> str:
    parts = urlsplit(row["url"])
    return f"{row['method']} {parts.path} {sorted(_query(parts.query).items())}"


def _is_same(row: Item, asked: Request) -> bool:
    return _fits(row, asked, lambda recorded, sent: recorded == sent)


def _is_near(row: Item, asked: Request) -> bool:
    def near(recorded: dict[str, str], sent: dict[str, str]) -> bool:
        return recorded.get("page", "1") == sent.get("page", "1") and recorded.items() <= sent.items()

    return _fits(row, asked, near)


def _fits(row: Item, asked: Request, compare: Callable[[dict[str, str], dict[str, str]], bool]) -> bool:
    parts = urlsplit(row["url"])
    if row["method"] != asked.method or parts.path != asked.path:
        return False
    expected: Any = row.get("query_match")
    if isinstance(expected, dict):
        return all(_allows(rule, asked.query.get(name, "")) for name, rule in expected.items())
    return compare(_query(parts.query), dict(asked.query))


def _allows(rule: Any, sent: str) -> bool:
    """A rule as recorded: a text, or `{"equalTo": ...}`, `{"matches": ...}`."""
    if not isinstance(rule, dict):
        return str(rule) == sent
    if "matches" in rule:
        return re.fullmatch(rule["matches"], sent) is not None
    return str(rule.get("equalTo", sent)) == sent
