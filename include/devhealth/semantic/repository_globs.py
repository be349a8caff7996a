"""Globs of repository names, as shells have them.

`*` and `?` stay within a part of a name, `**` crosses parts; `[ab]`, `{one,other}`; upper and lower case are two.
A glob is held against all a repository is called: its name, every name and path it ever had, and those without their
host, so that `acme/*` finds what is known as github.com/acme/shop.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from wcmatch import glob

from devhealth.errors import InputError

_FLAGS = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.FORCEUNIX
_WILD = re.compile(r"\[[^\]]*\]|\{[^}]*\}|[*?]")


def matcher(pattern: str) -> Callable[[Iterable[str]], bool]:
    """A function that says whether one of a repository's names matches the glob."""
    is_match = glob.compile(pattern, flags=_FLAGS).match
    return lambda names: any(map(is_match, names))


def spellings(names: Sequence[str]) -> tuple[str, ...]:
    """All that a repository with these names (`repositories.names`) is matched by."""
    without_host = [alias.partition("/")[2] for alias in names[1:] if not alias.startswith("/")]
    return tuple(dict.fromkeys(text for text in (*names, *without_host) if text))


def literal_length(pattern: str) -> int:
    """How many characters the glob leaves no choice about: the more, the more specific it is."""
    return len(_WILD.sub("", pattern))


def check(pattern: str, owner: str) -> None:
    """Raise InputError when the glob cannot be used; `owner` says whose it is."""
    try:
        matcher(pattern)
    except Exception as error:  # wcmatch keeps its own error to itself
        raise InputError(
            f"the repository pattern {pattern!r} of {owner} is no usable glob: {error}. Write a simpler one."
        ) from error
