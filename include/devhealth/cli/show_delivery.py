"""What happened around the last activity of a repository, a few lines of a page."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

from rich.console import RenderableType
from rich.text import Text

from devhealth.cli.layout import heading
from devhealth.pipelines.overview import Delivery, Deployments, Incidents, Pipelines, PullRequests

LABEL_WIDTH = 15
MANY_HOURS = 100
"""From here on, tenths of an hour say nothing."""

Part = TypeVar("Part", PullRequests, Pipelines, Deployments, Incidents)


def delivery_lines(delivery: Delivery) -> Iterator[RenderableType]:
    """A heading and a line or more for each part: numbers, that there are none, or how to read it first."""
    yield heading("Delivery", f"30 days to {delivery.last_day}" if delivery.last_day else "nothing in the metrics yet")
    yield from _part("pull requests", "prs", delivery.pull_requests, _pull_requests)
    yield from _part("CI", "cicd", delivery.pipelines, _pipelines)
    yield from _part("deployments", "deployments", delivery.deployments, _deployments)
    yield from _part("incidents", "incidents", delivery.incidents, _incidents)


def _part(label: str, target: str, part: Part | None, told: Callable[[Part], list[str]]) -> Iterator[Text]:
    if part is None:
        yield _line(label, f"never read, `devhealth sync {target}`", "dim")
        return
    first, *rest = told(part) or [_nothing(part.last_day)]
    yield _line(label, first)
    for more in rest:
        yield _line("", more)


def _line(label: str, said: str, style: str = "") -> Text:
    return Text.assemble(f"{label:<{LABEL_WIDTH}}", (said, style))


def _nothing(last_day: date | None) -> str:
    return f"none in these days, the last on {last_day}" if last_day else "read, none in the metrics"


def _pull_requests(part: PullRequests) -> list[str]:
    if not part.opened + part.merged + part.closed_unmerged:
        return []
    counts = f"{part.opened:,} opened, {part.merged:,} merged, {part.closed_unmerged:,} closed unmerged"
    if part.cycle_hours_p50 is None or part.cycle_hours_p90 is None or part.unreviewed_ratio is None:
        return [counts]
    cycle = f"merged after {_hours(part.cycle_hours_p50)} (median), {_hours(part.cycle_hours_p90)} (p90)"
    reviewed = part.first_review_hours_p50
    review = "" if reviewed is None else f"first review after {_hours(reviewed)} (median)"
    size = "" if part.size_loc_p50 is None else f"{part.size_loc_p50:,.0f} lines (median)"
    more = ", ".join(filter(None, (review, size)))
    return [counts, f"{cycle}, {part.unreviewed_ratio:.0%} unreviewed", *[more] * bool(more)]


def _pipelines(part: Pipelines) -> list[str]:
    if not part.runs:
        return []
    ratio = "" if part.success_ratio is None else f", {part.success_ratio:.0%} succeeded"
    minutes = part.duration_minutes_p50
    runs = "1 run" if part.runs == 1 else f"{part.runs:,} runs"
    return [f"{runs}{ratio}" + ("" if minutes is None else f", {minutes:,.1f} min (median)")]


def _deployments(part: Deployments) -> list[str]:
    if not part.deployments:
        return ["none to production in these days"] if part.last_day else []
    return [f"{part.deployments:,} to production, {part.failed:,} failed"]


def _incidents(part: Incidents) -> list[str]:
    if not part.opened + part.resolved:
        return []
    hours = part.restore_hours_p50
    restored = "" if hours is None else f", restored after {_hours(hours)} (median)"
    return [f"{part.opened:,} opened, {part.resolved:,} resolved{restored}"]


def _hours(hours: float) -> str:
    return f"{hours:,.1f} h" if hours < MANY_HOURS else f"{hours:,.0f} h"
