"""About how many requests it takes to fetch a stretch of the past, from counts that GitHub gives for little.

What was made in those days is counted for fifty repositories in two requests, and their runs in one more each; where
there are more repositories, the rest is taken to be like them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.models.unit import Window
from devhealth.settings import Settings

_MOST_COUNTED = 50


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
    "incidents": _Cost(3, 1 / 50, "is:issue"),
    "cicd": _Cost(2, 1.01, "runs"),
    "deployments": _Cost(3, 1 / 50, "is:pr"),
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
    share = len(places) / len(counted)
    return math.ceil(
        sum(len(places) * windows * cost.window + share * things[cost.kind] * cost.thing for cost in costs)
    )


def _things(client: Client, places: Sequence[Place], kind: str, window: Window, options: Mapping[str, object]) -> int:
    span = f"{window.since:%Y-%m-%d}..{window.before:%Y-%m-%d}"
    if kind == "runs":
        path = "/repos/{}/actions/runs"
        parameters = {"created": span, "per_page": 1}
        return sum(client.get(path.format(place.name), parameters).data["total_count"] for place in places)
    if options.get("api") == "rest":
        return sum(
            client.get("/search/issues", {"q": _words(place, kind, span), "per_page": 1}).data["total_count"]
            for place in places
        )
    declared = ", ".join(f"$q{number}: String!" for number in range(len(places)))
    asked = " ".join(
        f"c{number}: search(query: $q{number}, type: ISSUE, first: 1) {{ issueCount }}" for number in range(len(places))
    )
    variables = {f"q{number}": _words(place, kind, span) for number, place in enumerate(places)}
    answer = client.query(f"query Volume({declared}) {{ {asked} }}", variables)
    return sum(found["issueCount"] for found in answer.data.values())


def _words(place: Place, kind: str, span: str) -> str:
    return f"repo:{place.name} {kind} created:{span}"
