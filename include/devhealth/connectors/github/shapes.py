"""What an answer must hold for the connector to go on, by the path or the operation that was asked for.

An answer is checked as it arrives, so that nothing of another shape is staged, and the rest of the connector reads it
without asking again. Rows are checked as far as the connector reads them; processors check what a record needs.
"""

import re
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from devhealth.connectors.github.run_list import Listed, Run
from devhealth.connectors.github.sending import Question
from devhealth.transport.decoding import At

T = TypeVar("T")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]
"""acme/shop: it becomes part of a path, and of the names of work items."""
Number = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]


class _Repository(Struct):
    id: Number
    full_name: Name
    pushed_at: At | None = None
    topics: list[str] = []


class _Issue(Struct):
    id: Number
    number: Number
    state: str
    created_at: At
    updated_at: At
    labels: list[Any] | None = None
    node_id: str | None = None
    repository_url: str | None = None


class _Found(Struct):
    total_count: Count
    items: list[_Issue] = []
    incomplete_results: bool | None = None


class _Sha(Struct):
    sha: str


class _PullRow(Struct):
    number: Number
    updated_at: At
    created_at: At
    merged_at: At | None = None
    closed_at: At | None = None


class _Pull(_PullRow, kw_only=True):
    state: str
    base: _Sha
    head: _Sha
    commits: Count = 0


class _Review(Struct):
    id: Number
    state: str | None = None


class _Deployment(Struct):
    id: Number
    created_at: At
    updated_at: At | None = None


class _Release(Struct):
    id: Number
    created_at: At
    tag_name: str = ""
    published_at: At | None = None
    updated_at: At | None = None


class _Tag(Struct):
    name: str
    commit: _Sha


class _Target(Struct):
    type: str
    sha: str


class _Ref(Struct):
    object: _Target


_REPOSITORY = r"/(?:repos/[^/]+/[^/]+|repositories/\d+)"
_BY_PATH: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(f".*{pattern}"), shape)
    for pattern, shape in (
        (_REPOSITORY, _Repository),
        (r"/(?:orgs/[^/]+|organizations/\d+|users?/[^/]+|teams?/[^/]+|.*/team/\d+)/repos", list[_Repository]),
        (rf"{_REPOSITORY}/issues", list[_Issue]),
        (rf"{_REPOSITORY}/issues/\d+", _Issue),
        (rf"{_REPOSITORY}/issues/\d+/\w+", list[dict[str, Any]]),
        ("/search/issues", _Found),
        (rf"{_REPOSITORY}/pulls", list[_PullRow]),
        (rf"{_REPOSITORY}/pulls/\d+", _Pull),
        (rf"{_REPOSITORY}/pulls/\d+/reviews", list[_Review]),
        (rf"{_REPOSITORY}/pulls/\d+/.*", list[dict[str, Any]]),
        (rf"{_REPOSITORY}/actions/runs", Listed),
        (rf"{_REPOSITORY}/actions/runs/\d+(?:/attempts/\d+)?", Run),
        (rf"{_REPOSITORY}/actions/runs/\d+/jobs", dict[str, Any]),
        (rf"{_REPOSITORY}/deployments", list[_Deployment]),
        (rf"{_REPOSITORY}/deployments/\d+/statuses", list[dict[str, Any]]),
        (rf"{_REPOSITORY}/tags", list[_Tag]),
        (rf"{_REPOSITORY}/releases", list[_Release]),
        (rf"{_REPOSITORY}/git/ref/.*", _Ref),
        (rf"{_REPOSITORY}/(?:compare|git)/.*", dict[str, Any]),
    )
]


class _Camel(Struct, rename="camel"):
    """A thing of GraphQL."""


class Place(_Camel):
    """Whether and where a list goes on."""

    has_next_page: bool
    end_cursor: str | None = None


class _List(_Camel, Generic[T]):
    nodes: list[T | None]
    page_info: Place


class _Counted(_Camel):
    total_count: Count


class _CountedList(_Camel, Generic[T]):
    total_count: Count
    nodes: list[T | None]


class _Whole(_Camel, Generic[T]):
    total_count: Count
    nodes: list[T | None]
    page_info: Place


class _Node(_Camel):
    id: str
    number: Number


class _Updated(_Node):
    updated_at: At


class _Inner(_Camel):
    """Something inside that has a list of its own."""

    id: str = ""
    comments: _List[Any] | None = None


class _PullNode(_Updated, kw_only=True):
    state: str
    labels: _List[Any] | None = None
    review_requests: _List[Any] | None = None
    closing_issues_references: _List[Any] | None = None
    reviews: _List[Any] | None = None
    review_threads: _List[_Inner] | None = None
    comments: _List[Any] | None = None
    commits: _List[Any] | None = None
    timeline_items: _List[Any] | None = None


class _Id(_Camel):
    id: str


class _ProjectItem(_Camel):
    updated_at: At
    is_archived: bool
    project: _Id | None = None


class _IssueNode(_Camel):
    """Empty of what is no issue any more."""

    id: str = ""
    number: int = 0
    timeline_items: _List[Any] | None = None
    project_items: _List[_ProjectItem] | None = None


class _Items(_Camel):
    nodes: list[_ProjectItem | None]


class _InProjects(_Camel):
    number: Number
    project_items: _Items | None = None


class _DeploymentNode(_Camel):
    id: str
    created_at: At
    database_id: int | None = None
    updated_at: At | None = None
    state: str | None = None
    statuses: _List[Any] | None = None


class _ReleaseNode(_Camel):
    id: str
    created_at: At
    database_id: int | None = None
    published_at: At | None = None
    updated_at: At | None = None


class _Dated(_Camel):
    date: str | None = None


class _Tagged(_Camel):
    """Times are texts: people have recorded anything."""

    committed_date: str | None = None
    tagger: _Dated | None = None
    target: "_Tagged | None" = None


class _RefNode(_Camel):
    name: str
    target: _Tagged | None = None


class _Project(_Camel):
    """Empty of what is no project."""

    id: str = ""
    updated_at: At | None = None
    items: _Counted | None = None


class _Named(_Camel):
    name_with_owner: str


class _Content(_Camel):
    """Empty of what is no issue."""

    number: int = 0
    repository: _Named | None = None


class _InProject(_Camel):
    updated_at: At
    is_archived: bool
    content: _Content | None = None


class _Oid(_Camel):
    oid: str


class _Branch(_Camel):
    name: str
    target: _Oid | None = None


class _Topic(_Camel):
    name: str


class _Topiced(_Camel):
    topic: _Topic


class _Topics(_Camel):
    nodes: list[_Topiced]


class _Marks(_Camel):
    """A repository of a survey: with its name alone, or with all of the others."""

    database_id: Number
    name_with_owner: Name
    pushed_at: At | None = None
    branches: _Counted | None = None
    tags: _CountedList[Any] | None = None
    default_branch_ref: _Branch | None = None
    pull_requests: _CountedList[Any] | None = None
    issues: _CountedList[Any] | None = None
    deployments: _CountedList[Any] | None = None
    releases: _CountedList[Any] | None = None
    projects_v2: _CountedList[_Project] | None = None
    repository_topics: _Topics | None = None


class _Listing(_Camel):
    """A repository with the lists that one of our queries asks for; null is what may not be read."""

    pull_requests: _Whole[_Updated] | None = None
    projects_v2: _List[_Project] | None = None
    issues: _List[_InProjects] | None = None
    deployments: _Whole[_DeploymentNode] | None = None
    refs: _Whole[_RefNode] | None = None
    releases: _Whole[_ReleaseNode] | None = None


class _OpenPulls(_Camel):
    name_with_owner: Name
    all: _Counted | None = None
    open: _List[_Node] | None = None


class _Numbered(_Camel):
    number: Number


class _Issues(_Camel):
    name_with_owner: Name
    issues: _CountedList[_Numbered] | None = None
    open: _Counted | None = None


class _Totals(_Camel):
    name_with_owner: Name
    deployments: _Counted | None = None
    tags: _Counted | None = None
    releases: _Counted | None = None


class _Result(_Camel):
    """Empty of what is no pull request."""

    id: str = ""
    number: int = 0


class _Search(_Camel):
    issue_count: Count
    nodes: list[_Result | None] = []
    page_info: Place | None = None


class _ProjectIssues(_Camel):
    items: _List[_InProject] | None = None


class _Owner(_Camel):
    repositories: _List[_Marks]


class _Team(_Camel):
    owner: _Owner | None = None


class _In(_Camel, Generic[T]):
    """What a query asks for, below the name it has in our documents."""

    repository: T | None = None


class _Ids(_Camel, Generic[T]):
    nodes: list[T | None]


class _OfNode(_Camel):
    node: _ProjectIssues | None = None


class _OfSearch(_Camel):
    search: _Search


class _OfOwner(_Camel):
    owner: _Owner | None = None


class _OfTeam(_Camel):
    organization: _Team | None = None


class _Data(_Camel, Generic[T]):
    data: T


_BY_OPERATION: dict[str, Any] = {
    "PullRequestsListed": _In[_Listing],
    "LinkedProjects": _In[_Listing],
    "IssuesInProjects": _In[_Listing],
    "Deployments": _In[_Listing],
    "Tags": _In[_Listing],
    "Releases": _In[_Listing],
    "OpenPullRequests": _In[_OpenPulls],
    "IssuesCounted": _In[_Issues],
    "DeliveryTotals": _In[_Totals],
    "PullRequestsFound": _OfSearch,
    "PullRequestsById": _Ids[_PullNode],
    "IssuesById": _Ids[_IssueNode],
    "IssuesInProjectsById": _Ids[_IssueNode],
    "DeploymentsById": _Ids[_DeploymentNode],
    "ProjectsById": _Ids[_Project],
    "ProjectIssues": _OfNode,
    "OwnerRepositories": _OfOwner,
    "TeamRepositories": _OfTeam,
    "Survey": dict[str, _Marks | None],
    "Volume": dict[str, _Search],
}
_OPERATION = re.compile(r"query (\w+)")


def shape_of(question: Question) -> Any:
    """The type that the answer to a question must have."""
    if question.is_graphql:
        match = _OPERATION.match(question.content["query"])
        data = _BY_OPERATION.get(match[1] if match else "", dict[str, Any])
        return _Data[data]  # type: ignore[valid-type] # it is looked up
    path = question.path.partition("?")[0]
    return next((shape for pattern, shape in _BY_PATH if pattern.fullmatch(path)), Any)
