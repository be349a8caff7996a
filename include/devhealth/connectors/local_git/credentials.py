"""How a secret reaches git: through the environment of that one process, answered by a credential helper.

Secrets come from `DEVHEALTH_GIT_TOKEN_<HOST>` (a token, or user:token) or from a URL given to this process. They stand
in no argument, no file and no stored URL. Without any, git asks the credential helpers the user has set up.
"""

import os
import re
from pathlib import Path

from devhealth.connectors.local_git import git_process
from devhealth.connectors.local_git.remote_url import Credentials, RemoteUrl

_HELPER = (
    "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "
    '"$DEVHEALTH_GIT_USERNAME" "$DEVHEALTH_GIT_PASSWORD"; }; f'
)
_USERNAME = "x-access-token"
"""Hosts that take a token as the password accept any name; GitHub's installation tokens want this one."""
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=4"

_given: dict[str, Credentials] = {}


def remember(remote: RemoteUrl) -> None:
    """Keep the credentials a URL came with, for as long as this process lives."""
    if remote.credentials:
        _given[remote.host] = remote.credentials


def variable(host: str) -> str:
    """The environment variable that holds a host's token: DEVHEALTH_GIT_TOKEN_GITHUB_COM."""
    return "DEVHEALTH_GIT_TOKEN_" + re.sub(r"[^A-Z0-9]", "_", host.upper())


def environment(remote: RemoteUrl) -> dict[str, str]:
    """What git's environment needs to reach the remote without asking anybody."""
    if remote.scheme == "ssh":
        return {} if _has_own_ssh() else {"GIT_SSH_COMMAND": _SSH}
    known = _of_host(remote.host)
    if known is None or remote.scheme not in {"https", "http"}:
        return {}
    scope = f"credential.{remote.scheme}://{remote.host}.helper"
    # The empty helper forgets the user's own ones: they would write our secret to their store.
    helpers = ["", _HELPER] if known.password else [_HELPER]
    variables = {"DEVHEALTH_GIT_USERNAME": known.username or _USERNAME, "DEVHEALTH_GIT_PASSWORD": known.password}
    for index, helper in enumerate(helpers):
        variables |= {f"GIT_CONFIG_KEY_{index}": scope, f"GIT_CONFIG_VALUE_{index}": helper}
    return variables | {"GIT_CONFIG_COUNT": str(len(helpers))}


def _has_own_ssh() -> bool:
    if "GIT_SSH" in os.environ or "GIT_SSH_COMMAND" in os.environ:
        return True
    arguments = ["config", "--get", "--default", "", "core.sshCommand"]
    return bool(git_process.run(Path("/"), arguments, is_transfer=True).strip())


def _of_host(host: str) -> Credentials | None:
    if host in _given:
        return _given[host]
    user, colon, token = os.environ.get(variable(host), "").rpartition(":")
    return Credentials(user if colon else "", token) if token else None
