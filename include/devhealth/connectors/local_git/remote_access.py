"""Talking to a remote: what it has, and transfers from it; its refusals become our errors."""

import re
from collections.abc import Sequence
from pathlib import Path

from devhealth.connectors.local_git import credentials
from devhealth.connectors.local_git.git_failure import Outcome
from devhealth.connectors.local_git.git_process import NO_FILE, GitProcess
from devhealth.connectors.local_git.remote_url import RemoteUrl
from devhealth.errors import SourceError, SourceForbidden, SourceNotFound, StagingError
from devhealth.models.credential import Credential
from devhealth.settings import Settings

SILENT_SECONDS = 300
"""A remote that sends nothing for so long is given up; a server that counts objects is silent for a while."""
_UPLOAD_PACK = f"GIT_GRAFT_FILE={NO_FILE} git-upload-pack"
"""For a repository of this machine: git takes GIT_ variables away from the program on its other side, which would leave
out what a graft hides.
"""
_FIXED = ("http.lowSpeedLimit=1", "fetch.fsckObjects=false", "clone.rejectShallow=false", "fetch.prune=false")
"""What the user's own configuration, which a transfer keeps, must not decide: which histories are read."""
_NEEDS_CREDENTIALS = re.compile(
    r"authentication failed|could not read (username|password)|permission denied|error: 40[13]|access denied|"
    r"terminal prompts disabled|host key verification failed|invalid (username|credentials)",
    re.IGNORECASE,
)


def ask(folder: Path, remote: RemoteUrl, settings: Settings) -> tuple[bytes | None, dict[bytes, bytes]]:
    """The remote's default branch and its branches and tags with what they point at."""
    head, refs = None, {}
    for line in transfer(
        folder, ["ls-remote", "--quiet", "--symref", "--", remote.location], remote, settings
    ).splitlines():
        value, _, name = line.partition(b"\t")
        if value.startswith(b"ref: refs/heads/") and name == b"HEAD":
            head = value.removeprefix(b"ref: ")
        elif name == b"HEAD" or (name.startswith((b"refs/heads/", b"refs/tags/")) and not name.endswith(b"^{}")):
            refs[name] = value
    detached = refs.pop(b"HEAD", None)
    if head is None and detached:
        head = next((name for name, value in refs.items() if value == detached), None)
    return head, refs


def transfer(folder: Path, arguments: Sequence[str], remote: RemoteUrl, settings: Settings) -> bytes:
    """Run a git command that reaches the remote; what it wrote."""
    fixed = (f"http.lowSpeedTime={SILENT_SECONDS}", *_FIXED)
    limits = [word for setting in fixed for word in ("-c", setting)]
    if remote.scheme == "file" and arguments[0] in {"clone", "fetch"}:
        arguments = [arguments[0], f"--upload-pack={_UPLOAD_PACK}", *arguments[1:]]
    with GitProcess(
        folder, [*limits, *arguments], is_transfer=True, extra_environment=credentials.environment(remote, settings)
    ) as process:
        content = process.output.read()
        outcome = _discreet(process.wait(), remote, settings)
    if not outcome.is_success:
        raise _failure(remote, outcome, credentials.of_remote(remote, settings))
    return content


def _discreet(outcome: Outcome, remote: RemoteUrl, settings: Settings) -> Outcome:
    """The outcome without the secrets that a server repeats, before a message is cut short and leaves half of one."""
    return Outcome(outcome.status, credentials.struck_out(outcome.stderr, remote, settings))


def _failure(remote: RemoteUrl, outcome: Outcome, given: Credential | None) -> SourceError | StagingError:
    where, message = remote.location, outcome.message
    if "no space left" in message.lower():
        return StagingError(f"cannot mirror {where}: {message}. Free space, or point DEVHEALTH_HOME elsewhere.")
    if _NEEDS_CREDENTIALS.search(message) and given:
        return SourceForbidden(f"{where} refuses {given}: {message}. Give it a token that may read {remote.path}.")
    if _NEEDS_CREDENTIALS.search(message):
        token = (
            "Give its configuration a credential, set "
            f"{credentials.variable(remote.host)} to a token that may read it, or configure a credential helper"
        )
        remedy = "Give this user an SSH key, and the host's key" if remote.scheme == "ssh" else token
        return SourceForbidden(f"{where} wants credentials: {message}. {remedy}.")
    if outcome.status < 0:
        return SourceError(f"git was killed by signal {-outcome.status} while reading {where}. Run the sync again.")
    return SourceNotFound(f"{where} cannot be read: {message}. Check the URL, the network and that it still exists.")
