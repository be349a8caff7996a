"""The pages of target `deployments` of GitHub.

000-state                               DeliveryState
100-deployments-<n>                     deployments with the newest of their statuses, the newest deployments first
100-deployments-<n>-more-<m>            the rest of the statuses of those that are to be stored
200-open-<n>, 200-open-<n>-more-<m>     deployments that are older than those, and were unfinished when last seen
300-tags-<n>, 300-tags-<n>-more-<m>     tags; REST tells of their time only in pages of each tag's own
400-releases-<n>                        releases
900-gone                                GoneOnes
999-cursor                              DeliveryCursor

`about` of a list has the positions of what is stored already as it is there; of REST's pages of one thing, its key.
"""

from datetime import datetime

import msgspec

DEPLOYMENTS, OPEN, TAGS, RELEASES = "deployments", "open", "tags", "releases"
ORDERS = {DEPLOYMENTS: 100, OPEN: 200, TAGS: 300, RELEASES: 400}
"""The lists, and the order in which their pages are read: releases of REST name tags that must be known by then."""
GONE = "900-gone"

LISTED = {
    DEPLOYMENTS: "graphql:deployments",
    OPEN: "graphql:deployments_by_id",
    TAGS: "graphql:tags",
    RELEASES: "graphql:releases",
}
STATUSES = "graphql:deployment_more_statuses"
"""By alias, more of the statuses of deployments of the page before."""

REST_LISTED = {
    DEPLOYMENTS: "rest:deployments",
    OPEN: "rest:deployment",
    TAGS: "rest:tags",
    RELEASES: "rest:releases",
}
REST_STATUSES = "rest:deployment_statuses"
REST_REF = "rest:git_ref"
"""What a tag points to: a commit, or an object of its own."""
REST_TAG = "rest:git_tag"
"""That object, with who made it when."""
REST_COMMIT = "rest:git_commit"

Digests = dict[str, str]
"""By the key of a thing (the number of a deployment or release, the name of a tag) a digest of what was answered."""


class DeliveryState(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the unit began."""

    fetched_at: datetime
    at: datetime
    """The same moment on the provider's clock."""
    host: str
    """github.com, lower case."""
    repository: str
    """acme/shop, as it is called now."""
    is_rest: bool
    totals: dict[str, int]
    """How many there are of each; empty where REST is read, which does not say."""
    is_whole: bool
    """Everything is to be stored; else what a window selects, or what the last run does not know."""


class OpenDeployment(msgspec.Struct, frozen=True):
    """An unfinished deployment as last seen."""

    id: str
    """Of its node; empty where REST is read."""
    digest: str


class GoneOnes(msgspec.Struct, frozen=True):
    """Keys of what was there at the last run and is not any more."""

    deployments: list[str] = []
    tags: list[str] = []
    releases: list[str] = []


class DeliveryCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run has seen."""

    is_rest: bool = False
    deployments: Digests = {}
    """The newest ones, the newest first."""
    open: dict[str, OpenDeployment] = {}
    """All that were unfinished."""
    tags: Digests = {}
    releases: Digests = {}
    off: list[str] = []
    """Lists that the repository has switched off: what is stored of them stays."""
    totals: dict[str, tuple[int, int]] = {}
    """By table the least and the most rows the provider has, since some may come while a unit is read."""
