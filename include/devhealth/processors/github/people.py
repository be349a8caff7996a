"""Accounts: one spelling for the login of an account in both interfaces of GitHub, and the rows that tell of it.

GraphQL says `dependabot` of a Bot and null of a deleted account, REST says `dependabot[bot]` and `ghost`.
"""

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from devhealth.models.accounts import Account, AccountEmail
from devhealth.models.people import normal_alias
from devhealth.models.table import Record
from devhealth.models.unit import Unit
from devhealth.processors import bots

_KINDS = {
    "User": "user",
    "EnterpriseUserAccount": "user",
    "Bot": "bot",
    "Organization": "organization",
    "Mannequin": "mannequin",
}
_GHOST = "ghost"
_BOT_ADDRESS = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+\[bot\])@users\.noreply\.", re.IGNORECASE)


class Actor(msgspec.Struct, frozen=True, gc=False, rename={"kind": "__typename", "number": "databaseId"}):
    """An account as GraphQL shows it."""

    login: str
    kind: str = ""
    number: int | None = None


class User(msgspec.Struct, frozen=True, gc=False, rename={"kind": "type", "number": "id"}):
    """An account as REST shows it; an empty object where a commit is of no account."""

    login: str = ""
    kind: str = ""
    number: int | None = None

    def as_actor(self) -> Actor | None:
        """The same as GraphQL would show it; None for a deleted account, or none."""
        return None if self.login in {"", _GHOST} else Actor(self.login, self.kind, self.number)


class People:
    """The accounts and their e-mails that one unit meets, each told once."""

    def __init__(self, unit: Unit, host: str) -> None:
        self._org_id, self._host = unit.org_id, host
        self._bot = bots.pattern(unit.options.get("bot_patterns"))
        self._logins: dict[tuple[str, str], str] = {}
        self._untold: list[Account] = []
        self._emails: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    def login(self, actor: Actor | None, fetched_at: datetime) -> str | None:
        """What an account is called in our tables; None for a deleted one."""
        if actor is None:
            return None
        key = (actor.kind, actor.login)
        known = self._logins.get(key)
        if known is None:
            known = self._logins[key] = normal_login(actor)
            self._untold.append(self._account(known, actor, fetched_at))
        return known

    def committer(self, actor: Actor | None, email: str, at: datetime, fetched_at: datetime) -> str | None:
        """The login of who made a commit; notes that the e-mail is theirs. Bots are recognised by their address."""
        login = self.login(actor, fetched_at)
        if login is None:
            match = _BOT_ADDRESS.match(email)
            return self.login(Actor(match["login"], "Bot"), fetched_at) if match else None
        key = (login, normal_alias(email))
        if key[1]:
            self._emails[key] = max((at, fetched_at), self._emails.get(key, (at, fetched_at)))
        return login

    def accounts(self) -> list[Account]:
        """Those met since this was asked last."""
        told, self._untold = self._untold, []
        return told

    def emails(self) -> Iterator[Record]:
        """Each e-mail of each account, with the newest commit that this unit saw."""
        for (login, email), (at, fetched_at) in self._emails.items():
            yield AccountEmail(
                org_id=self._org_id,
                provider_host=self._host,
                login=login,
                email=email,
                last_used_at=at,
                fetched_at=fetched_at,
            )

    def _account(self, login: str, actor: Actor, fetched_at: datetime) -> Account:
        kind = _KINDS.get(actor.kind, "unknown")
        is_configured = bool(self._bot and self._bot.search(login))
        return Account(
            org_id=self._org_id,
            provider_host=self._host,
            login=login,
            account_id="" if actor.number is None else str(actor.number),
            kind=kind,
            is_bot=kind == "bot" or is_configured or bots.is_bot(login, ""),
            fetched_at=fetched_at,
        )


def normal_login(actor: Actor) -> str:
    """Lower-cased, bots with their suffix."""
    login = actor.login.lower()
    return f"{login}[bot]" if actor.kind == "Bot" and not login.endswith("[bot]") else login
