"""About how many requests it takes to fetch a stretch of the past, from counts that GitHub gives for little.

What was made in those days is counted for fifty repositories in two requests, and their runs, deployments and incidents
in one or two more each; where there are more repositories, the rest is taken to be like them. Of deployments and
incidents whole lists are read, once for all windows (`shared_lists`), so the windows do not count.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devhealth.connectors.github.client import PER_PAGE, Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.connectors.github.queries import query
from devhealth.models.github_incidents_pages import rule_of
from devhealth.models.unit import Window
from devhealth.settings import Settings

_MOST_COUNTED = 50
_PULLS_A_PAGE = 30
_DELIVERIES = ("deployments", "tags", "releases")


@dataclass(frozen=True, slots=True)
class _Cost:
    """Requests for each window, and for each thing in it."""

    window: float
    thing: float
    kind: str
    """What is counted; empty when the windows alone decide."""


_COSTS = {
    "git": _Cost(1, 0, ""),
    "prs": _Cost(4, 1 / 25, "is:pr"),
    "work-items": _Cost(4, 1 / 20, "is:issue"),
    "cicd": _Cost(2, 1.01, "runs"),
}


def requests_for(
    sources: Sequence[str],
    targets: Sequence[str],
    window: Window,
    windows: int,
    options: Mapping[str, object],
    settings: Settings,
) -> int:
    """For these targets of these repositories, each cut into so many windows. Raises SourceError."""
    places = [place_of(source, settings) for source in sources]
    counted = places[:_MOST_COUNTED]
    costs = [_COSTS[target] for target in targets if target in _COSTS]
    things = {"": 0}
    with open_client(settings, counted[0].api, owner=counted[0].owner) as client:
        for kind in sorted({cost.kind for cost in costs if cost.kind}):
            things[kind] = _things(client, counted, kind, window, options)
        whole_lists = 0
        if "deployments" in targets:
            whole_lists += sum(_of_deployments(client, place, options) for place in counted)
        if "incidents" in targets:
            whole_lists += sum(_of_incidents(client, place, options) for place in counted)
        if "prs" in targets and options.get("api") == "rest":
            whole_lists += sum(_pages(client, place, ["is:pr"], _PULLS_A_PAGE, options) for place in counted)
    share = len(places) / len(counted)
    return math.ceil(
        share * whole_lists
        + sum(len(places) * windows * cost.window + share * things[cost.kind] * cost.thing for cost in costs)
    )


def _of_deployments(client: Client, place: Place, options: Mapping[str, object]) -> int:
    """Their state and the pages of deployments, tags and releases, as many as there are at most."""
    if options.get("api") == "rest":  # which does not say how many there are: about a page of each
        return 1 + len(_DELIVERIES)
    found = client.query(query("delivery_totals"), {"owner": place.owner, "name": place.repository})
    totals: list[int] = [found.require("repository", what, "totalCount") for what in _DELIVERIES]
    return 1 + sum(math.ceil(total / PER_PAGE) for total in totals)


def _of_incidents(client: Client, place: Place, options: Mapping[str, object]) -> int:
    """Their state, and the pages of issues of each label and type."""
    rule = rule_of(options)
    words = [f'is:issue label:"{label}"' if "," not in label else "is:issue" for label in rule.labels]
    words += [f'is:issue type:"{one}"' for one in rule.types]
    return _pages(client, place, words, PER_PAGE, options) + 2 * bool(rule)


def _pages(client: Client, place: Place, words: Sequence[str], rows: int, options: Mapping[str, object]) -> int:
    """How many pages lists have that hold what these words find."""
    found = _counts(client, [f"repo:{place.name} {one}" for one in words], options) if words else []
    return sum(max(1, math.ceil(count / rows)) for count in found)


def _things(client: Client, places: Sequence[Place], kind: str, window: Window, options: Mapping[str, object]) -> int:
    span = f"{window.since:%Y-%m-%d}..{window.before:%Y-%m-%d}"
    if kind == "runs":
        path = "/repos/{}/actions/runs"
        parameters = {"created": span, "per_page": 1}
        return sum(client.get(path.format(place.name), parameters).data["total_count"] for place in places)
    return sum(_counts(client, [_words(place, kind, span) for place in places], options))


def _counts(client: Client, searches: Sequence[str], options: Mapping[str, object]) -> list[int]:
    """How much each search finds."""
    if options.get("api") == "rest":
        found = (client.get("/search/issues", {"q": text, "per_page": 1}) for text in searches)
        return [answer.data["total_count"] for answer in found]
    declared = ", ".join(f"$q{number}: String!" for number in range(len(searches)))
    asked = " ".join(
        f"c{number}: search(query: $q{number}, type: ISSUE, first: 1) {{ issueCount }}"
        for number in range(len(searches))
    )
    variables = {f"q{number}": text for number, text in enumerate(searches)}
    answer = client.query(f"query Volume({declared}) {{ {asked} }}", variables)
    return [answer.data[f"c{number}"]["issueCount"] for number in range(len(searches))]


def _words(place: Place, kind: str, span: str) -> str:
    return f"repo:{place.name} {kind} created:{span}"
