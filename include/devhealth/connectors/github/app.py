"""A GitHub App: which of its installations reads whose data, and the tokens of an hour that they read with."""

import base64
import binascii
import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import jwt
import msgspec

from devhealth.connectors.github.connection import Received, decoded
from devhealth.connectors.github.refusals import refusal
from devhealth.errors import SecretError, SourceError, SourceForbidden
from devhealth.transport.decoding import At
from devhealth.transport.waiting import Clock
from github import Auth

Read = TypeVar("Read")

_RENEWED_BEFORE_SECONDS = 300.0
_CLOCKS_AGREE_SECONDS = 30.0
_UNAUTHORIZED, _REFUSED = 401, 400
_PEM = re.compile(r"(-----BEGIN [A-Z ]+-----)(.+?)(-----END [A-Z ]+-----)", re.DOTALL)


class Ask(Protocol):
    """How an App asks GitHub in its own name: the answer, a refusal too."""

    def __call__(self, auth: Auth.Auth, verb: str, path: str, parameters: Mapping[str, Any]) -> Received:
        """The answer, whatever its status."""


class _Account(msgspec.Struct):
    login: str = ""


class _Installation(msgspec.Struct):
    id: int
    account: _Account | None = None
    suspended_at: str | None = None


class _Token(msgspec.Struct):
    token: str
    expires_at: At


@dataclass(slots=True)
class App:
    """An App and what it has found out; `reference` is how it may be named."""

    reference: str
    app_id: str
    private_key: str = field(repr=False)
    ask: Ask = field(repr=False)
    clock: Clock = field(repr=False)
    mask: Callable[[str], None] = field(repr=False)
    """Told of every secret before it is used."""
    scrubbed: Callable[[str], str] = field(repr=False)
    """A text without any of them."""
    _skew: float = field(default=0.0, repr=False)
    _installations: list[_Installation] = field(default_factory=list, repr=False)
    _tokens: dict[int, _Token] = field(default_factory=dict, repr=False)
    _guard: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def installation_of(self, owner: str) -> int:
        """The installation that reads an owner's data; raises SourceForbidden where there is none."""
        with self._guard:
            if not self._installations:
                self._installations = self._listed()
        found = [one for one in self._installations if one.account and one.account.login.lower() == owner.lower()]
        if not owner and len(self._installations) == 1:
            found = self._installations
        if not found:
            whose = f"by {owner}" if owner else "once, so that it is clear which installation reads"
            raise SourceForbidden(
                f"the GitHub App of {self.reference} is not installed {whose}: "
                "install it there, and give it the repositories."
            )
        if found[0].suspended_at:
            raise SourceForbidden(f"the GitHub App of {self.reference} is suspended by {owner}: unsuspend it there.")
        return found[0].id

    def token(self, installation: int) -> str:
        """A token that has some minutes left."""
        with self._guard:
            held = self._tokens.get(installation)
            now = self.clock.now() + self._skew
            if held is None or held.expires_at.timestamp() - now < _RENEWED_BEFORE_SECONDS:
                received = self._asked("POST", f"/app/installations/{installation}/access_tokens", {})
                held = self._tokens[installation] = _read(received, _Token)
                self.mask(held.token)
            return held.token

    def forget(self, installation: int) -> None:
        """The token was refused: the next one is a new one."""
        with self._guard:
            self._tokens.pop(installation, None)

    def _listed(self) -> list[_Installation]:
        found: list[_Installation] = []
        for page in range(1, 1_000):
            received = self._asked("GET", "/app/installations", {"per_page": 100, "page": page})
            more = _read(received, list[_Installation])
            known = {one.id for one in found}
            found += more
            if all(one.id in known for one in more):
                break
            if 'rel="next"' not in received.headers.get("link", ""):
                break
        return found

    def _asked(self, verb: str, path: str, parameters: Mapping[str, Any]) -> Received:
        signed = Auth.AppAuth(self.app_id, sign_func=self._sign)
        received = self.ask(signed, verb, path, parameters)
        skew = received.at.timestamp() - self.clock.now()
        is_off, self._skew = abs(skew - self._skew) > _CLOCKS_AGREE_SECONDS, skew
        if received.status == _UNAUTHORIZED and is_off:
            received = self.ask(signed, verb, path, parameters)
        if received.status >= _REFUSED:
            what = f"what the GitHub App {self.app_id} may read"
            raise refusal(
                received,
                decoded(received.body),
                what=what,
                reader=f"the App of {self.reference}",
                scrubbed=self.scrubbed,
            )
        return received

    def _sign(self, payload: dict[str, Any]) -> str:
        """By GitHub's clock, since it refuses what is signed in its future."""
        now = int(self.clock.now() + self._skew)
        signed = None
        with contextlib.suppress(ValueError, TypeError, jwt.PyJWTError):
            signed = jwt.encode({**payload, "iat": now - 60, "exp": now + 300}, self.private_key, "RS256")
        if signed is None:
            raise SecretError(f"the private key of {self.reference} cannot be read: expected the .pem file of the App.")
        self.mask(signed)
        return signed


def _read(received: Received, kind: type[Read]) -> Read:
    try:
        return msgspec.json.decode(received.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = str(error)
    raise SourceError(f"GitHub's answer to its App cannot be read: {what}. Check the address of the interface.")


def pem_of(text: str) -> str:
    r"""A private key as it was downloaded, however it got here: its lines joined by blanks or by \n, or in base64."""
    text = text.strip().replace("\\n", "\n").replace("\\r", "")
    if not text.startswith("-----"):
        with contextlib.suppress(binascii.Error, ValueError):
            text = base64.b64decode(text, validate=False).decode("ascii")
    match = _PEM.search(text)
    if not match:
        return text
    body = "".join(match[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([match[1], *lines, match[3], ""])
