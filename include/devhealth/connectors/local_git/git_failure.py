"""What a failed git process means: its words on stderr translated to our errors."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from devhealth.errors import (
    SettingsError,
    SourceCorrupt,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    StagingError,
)

_NOT_FOUND = re.compile(
    r"not a git repository|does not appear to be a git repository|repository .* not found|"
    r"does not exist|could not resolve host|cannot change to|unable to read current working directory",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"permission denied|authentication failed|could not read (username|password)|terminal prompts disabled|"
    r"access denied|error: 40[13]|dubious ownership|operation not permitted|not allowed",
    re.IGNORECASE,
)
_CORRUPT = re.compile(
    r"bad object|bad tree|missing|corrupt|could not (read|parse)|unable to (read|parse|find|unpack)|cannot read|"
    r"inflate|packfile|bad file|not our ref|invalid|mismatch|truncated|"
    r"failed to (read|traverse)|bad (sha1|signature|config)",
    re.IGNORECASE,
)
_FULL = re.compile(r"no space left|file too large|disk quota exceeded", re.IGNORECASE)
_NO_TRANSPORT = re.compile(r"transport '[^']*' not allowed|lazy fetching disabled|from promisor remote")
_NEEDS_NEWER = re.compile(r"unknown repository extension|v1-only extension|expected git repo version", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(\w+://)[^/@\s]*@")
_LONGEST_MESSAGE = 300

OLDEST_GIT = (2, 32)
"""Older ones know neither GIT_CONFIG_GLOBAL nor GIT_CONFIG_COUNT: they would use the caller's settings, not ours."""
OF = "devhealth-of"
"""In a view: the path of the repository it shows."""
_INSTALL = "Install git {}.{} or newer and put it on PATH.".format(*OLDEST_GIT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a git process ended: its exit status (negative: a signal) and what it said on stderr."""

    status: int
    stderr: str

    @property
    def is_success(self) -> bool:
        """Whether everything asked for was delivered."""
        return self.status == 0

    @property
    def message(self) -> str:
        """Git's own words, in one short line without credentials."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        told = [
            line
            for before, line in zip(["", *lines], lines, strict=False)
            if line.startswith(("fatal:", "error:", "remote:"))
            or (before.startswith("fatal:") and before.endswith(":"))
        ] or lines
        text = _CREDENTIALS.sub(r"\1", "; ".join(told)) or f"exit status {self.status}"
        return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}..."


def place(folder: Path) -> Path:
    """Where the repository is that git was run for: of a view the one it shows."""
    try:
        return Path(os.fsdecode((folder / OF).read_bytes()))
    except OSError:
        return folder


def lack(folder: Path) -> tuple[str, str]:
    """What a repository is whose objects are not all there or not whole, and what to do about it."""
    packs = ("objects/pack", ".git/objects/pack")
    if any(True for pack in packs for _ in (place(folder) / pack).glob("*.promisor")):
        return "a partial clone, which lacks file contents", (
            "Clone it without --filter, or register its URL instead: devhealth downloads nothing into a clone."
        )
    return "damaged", "Repair it (`git fsck`) or clone it again, then sync again."


def failure(folder: Path, outcome: Outcome) -> SourceError | StagingError:
    """The error a failed git process stands for."""
    message, folder = outcome.message, place(folder)
    if _FULL.search(message) or outcome.status == -signal.SIGXFSZ:
        return StagingError(
            f"cannot stage what git reads from {folder}: {message}. "
            "Free space or point DEVHEALTH_STAGING_URI at another folder, then run again."
        )
    if _NEEDS_NEWER.search(message):
        return SourceError(
            f"{folder} is of a kind that this git cannot read: {message}. Run devhealth with a newer git, or register "
            "its URL."
        )
    if not folder.is_dir() or _NOT_FOUND.search(message):
        return SourceNotFound(f"no git repository at {folder}: {message}. Check the path, or remove the source.")
    if _FORBIDDEN.search(message):
        return SourceForbidden(f"may not read {folder}: {message}. Grant this user read access.")
    if _CORRUPT.search(message) or _NO_TRANSPORT.search(message):
        condition, remedy = lack(folder)
        return SourceCorrupt(f"{folder} is {condition}: {message}. {remedy}")
    return SourceError(f"git failed on {folder} with exit status {outcome.status}: {message}. Run the sync again.")


def start_failure(folder: Path, error: OSError) -> SourceError | SettingsError:
    """The error of a git process that could not even be started."""
    if not folder.is_dir():
        return SourceNotFound(f"no folder {folder}: {error.strerror}. Check the path, or remove the source.")
    if isinstance(error, PermissionError):
        return SourceForbidden(f"may not enter {folder}: {error.strerror}. Grant this user read access.")
    return SettingsError(f"cannot start git: {error.strerror or error}. {_INSTALL}")


def require_version(program: str, words: str) -> None:
    """Raise SettingsError unless `git --version` of this program names OLDEST_GIT or a newer one."""
    version = re.search(r"git version v?((\d+)\.(\d+)\S*)", words)
    if version is None:
        raise SettingsError(f"{program} does not say which git it is: `git --version` gave {words[:80]!r}. {_INSTALL}")
    if (int(version[2]), int(version[3])) < OLDEST_GIT:
        raise SettingsError(f"{program} is git {version[1]}, which is too old. {_INSTALL}")
