"""What a sync configuration of this provider may be told, by the names its documents use."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """The attributes are what units carry; None and False leave things to themselves."""

    counts_any_branch: bool = field(default=False, name="any_branch")
    """Metrics count the commits of every branch instead of the default one."""
    depth_days: Annotated[int, Meta(ge=1)] | None = None
    """How far back the first sync reads commits and workflow runs."""
    bot_patterns: list[Annotated[str, Meta(min_length=1)]] = []
    """Regular expressions that are searched for in logins, and in `Name <e-mail>` of commits."""
    default_branch: Annotated[str, Meta(min_length=1)] | None = None
    clone_url: Annotated[str, Meta(min_length=1)] | None = None
    """Where git fetches from, with {name} for acme/shop; by default https://HOST/{name}.git."""
    archived: bool = False
    """Whether the rules for finding repositories find archived ones."""
    forks: bool = False
    templates: bool = False
    api: Literal["auto", "graphql", "rest"] = "auto"
    """auto asks GraphQL, and REST where that is not served."""
    bodies: bool = False
    """Whether the text of comments is stored."""
    incident_labels: list[Annotated[str, Meta(min_length=1)]] = []
    """Issues with one of these labels are incidents."""
    incident_types: list[Annotated[str, Meta(min_length=1)]] = []
    """Issues of one of these types are incidents."""
