"""How sources are written down: by path, by clone URL, or by globs such as `/srv/git/*.git` or `/srv/**`.

`*`, `?`, `[ab]` and `{one,other}` stand for parts of one folder's name, `**` for any number of folders. Wildcards leave
out names with a leading dot, `**` does not follow links. A repository is not looked into for others within it.
"""

import itertools
import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from wcmatch import glob

from devhealth.connectors.local_git import remote_url
from devhealth.errors import InputError, SourceNotFound
from devhealth.models.source import Surveyed
from devhealth.settings import Settings

IS_LOCAL = True

_FLAGS = glob.GLOBSTAR | glob.BRACE | glob.CASE
_WILD = re.compile(r"[*?\[{]")
_ANY = "**"

_LOG = logging.getLogger(__name__)


def discover(rule: str, options: Mapping[str, object], settings: Settings) -> Mapping[str, Surveyed | None]:
    """Real paths of the worktrees and bare repositories that a glob matches, sorted; nothing more is seen of them.

    What cannot be read, or has a name that is not UTF-8, is left out with a warning. Raises InputError for a rule
    that `check` refuses.
    """
    del options, settings
    check(rule)
    parts = [part for part in _expanded(rule).split("/") if part and part != "."]
    fixed = next((place for place, part in enumerate(parts) if _WILD.search(part)), len(parts))
    start, wild = Path("/", *parts[:fixed]), parts[fixed:]
    if _is_repository(start) and all(part == _ANY for part in wild):
        return {os.path.realpath(start): None}
    leading = list(itertools.takewhile(_ANY.__ne__, wild))
    pattern = "/".join(wild)
    found = _repositories(start, leading, 0, is_deep=len(leading) < len(wild)) if start.is_dir() and wild else ()
    matching = (path for path in found if glob.globmatch(str(path.relative_to(start)), pattern, flags=_FLAGS))
    real = (os.path.realpath(path) for path in matching)
    return dict.fromkeys(sorted(path for path in real if _is_text(path)))


def check(rule: str) -> None:
    """Raise InputError for a rule that is no absolute glob."""
    if not os.path.isabs(_expanded(rule)):  # noqa: PTH117 - a pattern is no path
        raise InputError(f"the glob {rule!r} does not begin at the root: expected one such as /srv/git/*.git.")
    for part in rule.split("/"):
        if part == "..":
            raise InputError(f"the glob {rule!r} goes up with `..` behind a wildcard: write the folder that is meant.")
        if part.count("{") != part.count("}"):
            raise InputError(
                f"the glob {rule!r} has a `{{` without its `}}` in the same folder's name: write two globs."
            )
        try:
            glob.translate(part, flags=_FLAGS)
        except Exception as error:  # wcmatch keeps its own error to itself
            raise InputError(f"the glob {rule!r} cannot be used: {error}. Write a simpler one.") from error


def location_of(text: str, folder: Path) -> str:
    """The source as configurations keep it: a clone URL, or an absolute path; a relative one starts at the folder.

    Nothing is asked for it. Raises InputError, without repeating the text, for a URL that is none or holds credentials.
    """
    try:
        remote = remote_url.parse(text)
    except SourceNotFound as error:
        raise InputError(str(error)) from None
    if remote is None:
        return os.path.normpath(folder / _expanded(text))
    if remote.credentials:
        raise InputError(
            f"the URL of {remote.alias} holds credentials: take them out and name a `credential` that holds them."
        )
    return text


def rule_of(text: str, folder: Path) -> str:
    """The glob as configurations keep it: from the root; a relative one starts at the folder. Raises InputError.

    `..` goes up before the first wildcard; behind one nobody knows which folder it leads to.
    """
    parts = str(folder / _expanded(text)).split("/")
    wild = next((place for place, part in enumerate(parts) if _WILD.search(part)), len(parts))
    rule = "/".join([os.path.normpath("/".join(parts[:wild]) or "/").rstrip("/"), *parts[wild:]])
    check(rule)
    return rule


def _expanded(rule: str) -> str:
    return os.path.expanduser(rule)  # noqa: PTH111 - an unknown user's ~ is no reason to crash


def _repositories(folder: Path, leading: list[str], depth: int, *, is_deep: bool) -> Iterator[Path]:
    """Repositories below a folder, as deep as `**` asks; until then only where the leading parts match."""
    for name in _folders(folder):
        path = folder / name
        if depth < len(leading):
            if not glob.globmatch(name, leading[depth], flags=_FLAGS):
                continue
        elif not is_deep or name.startswith(".") or path.is_symlink():
            continue
        if _is_repository(path):
            yield path
        else:
            yield from _repositories(path, leading, depth + 1, is_deep=is_deep)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [
                name for name in sorted(entry.name for entry in entries if entry.is_dir()) if _is_text(name, folder)
            ]
    except OSError as error:
        _LOG.warning("%s cannot be looked into: %s. Repositories in it are left out.", folder, error.strerror)
        return []


def _is_text(name: str, folder: Path = Path("/")) -> bool:
    try:
        remote_url.require_text(folder / name)
    except SourceNotFound as error:
        _LOG.warning("%s It is left out.", error)
        return False
    return True


def _is_repository(folder: Path) -> bool:
    try:
        if (folder / ".git").exists():
            return True
        return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    except OSError:
        return False
