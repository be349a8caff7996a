"""Who a source is, and what a provider says of it at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What tells a repository apart from all others, wherever it is read from."""

    provider_host: str
    """github.com, lower case; "local" for a repository without a remote host."""
    provider_id: str
    """The host's own id of it, which outlives a change of the name; where the host has none, acme/shop or a path."""
    name: str
    """acme/shop; the folder's name for "local"."""
    location: str
    """Absolute path, URL, or name at the provider; free of credentials."""
    aliases: tuple[str, ...]
    """Normal form of every known way to it: github.com/acme/shop, or a real path."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A source that is there, as one look at many of them tells."""

    identity: SourceIdentity
    marks: Mapping[str, str] = field(default_factory=dict)
    """By target, a text that changes when there is news; a target without one is asked for news by itself."""
