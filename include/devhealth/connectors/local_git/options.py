"""What a sync configuration of this provider may be told, by the names its documents use."""

from typing import Annotated

from msgspec import Meta, Struct, field


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """The attributes are what units carry; None and False leave things to themselves."""

    counts_any_branch: bool = field(default=False, name="any_branch")
    """Metrics count every branch instead of the default one."""
    depth_days: Annotated[int, Meta(ge=1)] | None = None
    """How far back the first sync reads."""
    bot_patterns: list[Annotated[str, Meta(min_length=1)]] = []
    """Regular expressions that are searched for in `Name <e-mail>`."""
    default_branch: Annotated[str, Meta(min_length=1)] | None = None
