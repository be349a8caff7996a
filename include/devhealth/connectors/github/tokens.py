"""The credentials a client may choose from.

A credential has the field `token`, one or several of them separated by commas or blanks; or `app_id` and `private_key`
of a GitHub App, and perhaps `installation_id`. Without one, $GITHUB_TOKEN is sent to the GitHub it is for: github.com,
or the one that $GITHUB_API_URL names.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from devhealth.connectors.github.app import App, Ask, pem_of
from devhealth.connectors.github.host import ApiHost, host_of_environment
from devhealth.errors import SecretError
from devhealth.settings import Settings
from devhealth.transport.ledger import Ledger
from devhealth.transport.waiting import Clock
from github import Auth

FIELDS = ("token", "app_id", "private_key", "installation_id", "url")
"""What a credential may hold; `url` says which GitHub it is for. All of it is ASCII: headers take nothing else."""

_PLAIN = re.compile(r"[!-~]+")
_SHORTEST_STRUCK_OUT = 8
"""GitHub's own have forty characters and more."""


def _nothing_to_renew() -> bool:
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One way to ask: a token, an installation of an App, an App itself, or nobody's name."""

    name: str
    """How it may be named: stored:github, token 2 of 3."""
    identity: str = field(repr=False)
    """The same for the same credential in every process; may be secret."""
    ledger: Ledger = field(repr=False)
    auth: Callable[[], Auth.Auth | None] = field(repr=False)
    """What PyGithub sends; None for nobody."""
    renew: Callable[[], bool] = field(default=_nothing_to_renew, repr=False)
    """After a refusal: whether another secret is sent from now on."""
    is_anonymous: bool = False


class Keyring:
    """The keys of one credential."""

    def __init__(self, settings: Settings, api: ApiHost, ask: Ask, clock: Clock) -> None:
        credential = settings.credential
        self._folder, self._host = settings.home / "limits", api.host
        self._reference = str(credential) if credential else "$GITHUB_TOKEN"
        self._mask = settings.host.mask if settings.host else None
        self._by_installation: dict[int, Key] = {}
        self.secrets: set[str] = set()
        """Everything secret that is known so far; never to be shown."""
        self._app: App | None = None
        self._installation = 0
        self._tokens: tuple[Key, ...] = ()
        fields = dict(credential.fields) if credential else {}
        if fields.get("app_id") and fields.get("private_key"):
            pem = pem_of(fields["private_key"])
            self._require_plain(fields["app_id"], *pem.split())
            self._installation = _number(fields.get("installation_id", ""), self._reference)
            self._app = App(self._reference, fields["app_id"], pem, ask, clock, self._learn, self.scrubbed)
            for secret in (pem, fields["private_key"]):
                self._learn(secret)
            return
        text = fields.get("token", "") if credential else _of_environment(api)
        tokens = tuple(dict.fromkeys(re.split(r"[,\s]+", text.strip()))) if text.strip() else ()
        self._require_plain(*tokens)
        for token in tokens:
            self._learn(token)
        self._tokens = tuple(self._token_key(token, number, len(tokens)) for number, token in enumerate(tokens, 1))
        self._nobody_key = self._nobody()

    def keys(self, owner: str) -> tuple[Key, ...]:
        """The keys that may read an owner's data, at least one; raises SourceForbidden where an App has none."""
        if self._app is None:
            return self._tokens or (self._nobody_key,)
        number = self._installation or self._app.installation_of(owner)
        if number not in self._by_installation:
            self._by_installation[number] = self._installation_key(self._app, number)
        return (self._by_installation[number],)

    def app_key(self, auth: Auth.Auth) -> Key:
        """The App in its own name."""
        identity = f"{self._host} app {self._reference}"
        return Key(f"the App of {self._reference}", identity, Ledger(self._folder, identity), lambda: auth)

    def scrubbed(self, text: str) -> str:
        """The text without any secret in it, but for one so short that words contain it."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_STRUCK_OUT:
                text = text.replace(secret, "***")
        return text

    def _require_plain(self, *secrets: str) -> None:
        if any(not _PLAIN.fullmatch(secret) for secret in secrets):
            raise SecretError(
                f"what {self._reference} holds has characters that no token or key has, such as a byte order mark or a "
                "typographic dash. Copy it again, as plain text."
            )

    def _learn(self, secret: str) -> None:
        self.secrets.add(secret)
        if self._mask:
            self._mask(secret)

    def _token_key(self, token: str, number: int, of: int) -> Key:
        name = self._reference if of == 1 else f"{self._reference}, token {number} of {of}"
        identity = f"{self._host} {token}"
        auth = Auth.Token(token)
        return Key(name, identity, Ledger(self._folder, identity), lambda: auth)

    def _installation_key(self, app: App, number: int) -> Key:
        def renew() -> bool:
            app.forget(number)
            return True

        identity = f"{self._host} app {app.app_id} installation {number}"
        name = f"{self._reference}, installation {number}"
        return Key(name, identity, Ledger(self._folder, identity), lambda: Auth.Token(app.token(number)), renew)

    def _nobody(self) -> Key:
        name = "nobody's credential (none is configured, and GITHUB_TOKEN is not set)"
        identity = f"{self._host} nobody"
        return Key(name, identity, Ledger(self._folder, identity), lambda: None, is_anonymous=True)


def _of_environment(api: ApiHost) -> str:
    return os.environ.get("GITHUB_TOKEN", "") if api == host_of_environment() else ""


def _number(text: str, reference: str) -> int:
    if not text.strip():
        return 0
    if not text.strip().isdecimal():
        raise SecretError(
            f"installation_id of {reference} is not a number. It stands at the end of the page's address."
        )
    return int(text)
