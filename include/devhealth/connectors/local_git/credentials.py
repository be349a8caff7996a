"""How a secret reaches git: through the environment of that one process, answered by a credential helper.

What a remote is asked with, in this order: the credential the settings carry; what stands in the URL this process was
given; `DEVHEALTH_GIT_TOKEN_<HOST>` (a token, or user:token); else the credential helpers the user has set up. The first
one that is there is the only one tried. Secrets stand in no argument, no file and no stored URL, and this module
remembers none: what one organisation was given serves no other.
"""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

from devhealth.connectors.local_git import git_process
from devhealth.connectors.local_git.remote_url import USUAL_PORTS, Credentials, RemoteUrl
from devhealth.errors import SecretError
from devhealth.models.credential import Credential, spellings
from devhealth.settings import Settings

FIELDS = ("token", "username")
"""What a credential of this provider may hold."""

_HELPER = (
    "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "
    '"$DEVHEALTH_GIT_USERNAME" "$DEVHEALTH_GIT_PASSWORD"; }; f'
)
_USERNAME = "x-access-token"
"""Hosts that take a token as the password accept any name; GitHub's installation tokens want this one."""
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=4"
_SHORTEST_HIDDEN = 4
"""A shorter text would be struck out of words it merely occurs in."""


def in_url(remote: RemoteUrl) -> Credential | None:
    """What stands in the URL, as a credential for its host alone."""
    given = remote.credentials
    if given is None:
        return None
    return Credential("the URL", {"username": given.username, "token": given.password, "host": remote.host})


def variable(host: str) -> str:
    """The environment variable that holds a host's token: DEVHEALTH_GIT_TOKEN_GITHUB_COM."""
    return "DEVHEALTH_GIT_TOKEN_" + re.sub(r"[^A-Z0-9]", "_", host.upper())


def of_remote(remote: RemoteUrl, settings: Settings) -> Credential | None:
    """The credential the settings carry, when it is for this remote.

    Raises SecretError when it cannot be used there: to read with another one than was asked for would be a lie. One
    with the `url` of an interface, as a connection of Airflow has, is for the host of that.
    """
    credential = settings.credential
    if credential is None or credential.get("host") not in {"", remote.host} or remote.scheme in {"file", "git"}:
        return None
    if remote.scheme == "ssh":
        raise SecretError(
            f"{remote.location} is read over ssh, which takes the key of this user and not {credential}. "
            "Register its https URL, or take the credential off the configuration."
        )
    if (whose := _host_of(credential.get("url"))) not in {"", remote.host}:
        raise SecretError(
            f"{credential} is for {whose}, and {remote.location} is on {remote.host}. Read it with a credential of its "
            "host."
        )
    if not credential.get("token") and not credential.get("host"):
        raise SecretError(f"{credential} holds no token to read {remote.location} with. Store it again with one.")
    return credential


def environment(remote: RemoteUrl, settings: Settings) -> dict[str, str]:
    """What git's environment needs to reach the remote without asking anybody."""
    of_settings = of_remote(remote, settings)
    if remote.scheme == "ssh":
        return {} if _has_own_ssh() else {"GIT_SSH_COMMAND": _SSH}
    known = _known(remote, of_settings)
    if known is None or remote.scheme not in {"https", "http"}:
        return {}
    for text in _spellings(known):
        if settings.host:
            settings.host.mask(text)
    pairs = list(_configuration(remote, is_alone=bool(known.password)))
    variables = {"DEVHEALTH_GIT_USERNAME": known.username or _USERNAME, "DEVHEALTH_GIT_PASSWORD": known.password}
    for index, (key, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables | {"GIT_CONFIG_COUNT": str(len(pairs))}


def struck_out(text: str, remote: RemoteUrl, settings: Settings) -> str:
    """The text without the secrets the remote was asked with; a server may well repeat them."""
    known = _known(remote, of_remote(remote, settings))
    for secret in sorted(_spellings(known), key=len, reverse=True) if known else ():
        text = text.replace(secret, "***")
    return text


def _configuration(remote: RemoteUrl, *, is_alone: bool) -> Iterator[tuple[str, str]]:
    """Our helper, and an end to whatever else of the user's configuration would answer or send in its place."""
    scopes = (f"{remote.scheme}://{remote.host}", remote.location)  # of several, git takes the one that says most
    for scope in scopes:
        if is_alone:
            yield f"credential.{scope}.helper", ""  # the user's own helpers would write our secret to their store
        yield f"credential.{scope}.helper", _HELPER
        if is_alone:
            yield f"http.{scope}.emptyAuth", "true"  # so that ~/.netrc is not asked
            yield f"http.{scope}.extraHeader", ""
            yield f"http.{scope}.cookieFile", ""
    if is_alone:
        yield f"url.{remote.location}.insteadOf", remote.location  # the longest match: no other one rewrites it


def _host_of(url: str) -> str:
    """Whose git an address of pages or of an interface belongs to; empty without one."""
    found = re.match(r"\w+://(?:[^/@]*@)?(\[[^\]/]*\]|[^:/]+)(:\d+)?", url.lower())
    if not found:
        return url
    host = re.sub(r"^api\.(?=github\.com$|[a-z0-9-]+\.ghe\.com$)", "", found[1])
    return host if (found[2] or "").removeprefix(":") in USUAL_PORTS else f"{host}{found[2]}"


def _known(remote: RemoteUrl, credential: Credential | None) -> Credentials | None:
    if credential is not None:
        return Credentials(credential.get("username"), credential.get("token"))
    return remote.credentials or _of_variable(remote.host)


def _of_variable(host: str) -> Credentials | None:
    user, colon, token = os.environ.get(variable(host), "").strip().partition(":")
    if not colon:
        user, token = "", user
    return Credentials(user, token) if token else None


def _spellings(known: Credentials) -> set[str]:
    secret = known.password or known.username
    username = known.username or _USERNAME
    basic = base64.b64encode(f"{username}:{known.password}".encode()).decode()
    return {text for text in (*spellings(secret), basic) if len(text) >= _SHORTEST_HIDDEN}


def _has_own_ssh() -> bool:
    if "GIT_SSH" in os.environ or "GIT_SSH_COMMAND" in os.environ:
        return True
    arguments = ["config", "--get", "--default", "", "core.sshCommand"]
    return bool(git_process.run(Path("/"), arguments, is_transfer=True).strip())
