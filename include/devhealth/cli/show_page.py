"""An overview as a page of 80 columns, readable without colour."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from devhealth.cli.bars import bar, spark
from devhealth.cli.layout import bare_table, heading, plain, shortened
from devhealth.pipelines.overview import Hotspot, Overview, RepositoryOverview, StageTotals, Week

PATH_WIDTH = 32
BAR_WIDTH = 14


def page(overview: Overview) -> Group:
    """Everything there is to say: a repository in full when there is one, else a list, then the last run."""
    return Group(*_parts(overview))


def _parts(overview: Overview) -> Iterator[RenderableType]:
    found = overview.repositories
    if len(found) == 1:
        yield from _repository(found[0])
    elif found:
        yield from _list(found)
    yield from _last_run(overview.last_run)
    yield Text.assemble(("\nNext: ", "bold"), _next_step(overview))


def _repository(repository: RepositoryOverview) -> Iterator[RenderableType]:
    totals = repository.totals
    yield heading(plain(repository.name), f"organisation {repository.organisation}, branch {_branch(repository)}")
    if repository.is_shallow:
        yield Text("Shallow clone: totals are incomplete; `git fetch --unshallow` completes it.", "yellow")
    counts = (("commits", totals.commits), ("people", totals.people), ("files ever touched", totals.files))
    columns = [(f"{count:,}", name, max(len(name), 9) + 3) for name, count in counts]
    yield Text("".join(f"{count:<{width}}" for count, _, width in columns).rstrip(), "bold")
    yield Text("".join(f"{name:<{width}}" for _, name, width in columns).rstrip())
    yield Text(
        f"{_day(totals.first_commit_at)} to {_day(totals.last_commit_at)}; {totals.default_branch_commits:,} "
        f"commits on the default branch,\n{totals.merges:,} merges; +{totals.additions:,} -{totals.deletions:,} lines; "
        f"{totals.bots:,} bots not counted as people",
        "dim",
    )
    if repository.weeks:
        yield heading("Weeks", "repo_metrics_daily, default branch, UTC")
        yield _weeks(repository.weeks)
    if repository.hotspots:
        yield heading("Hotspots", f"30 days to {repository.hotspots_as_of}")
        yield _hotspots(repository.hotspots)
    if repository.bus_factor_30d is not None:
        count = repository.bus_factor_30d
        who = "one person made" if count == 1 else f"{count} people made"
        yield heading(f"Bus factor {count}", f"{who} half of the changes of the 30 days to {repository.bus_factor_day}")


def _weeks(weeks: list[Week]) -> Table:
    table = bare_table(("week of", "left"), ("Mo-Su", "left"), ("commits", "right"), ("", "left"))
    for name in ("added", "deleted", "people", "reverts"):
        table.add_column(name, justify="right")
    most = max(week.commits for week in weeks)
    busiest = max(max(week.daily_commits) for week in weeks)
    for week in weeks:
        table.add_row(
            str(week.monday),
            Text(spark(week.daily_commits, busiest), "cyan"),
            f"{week.commits:,}",
            Text(bar(week.commits, most, BAR_WIDTH), "green"),
            f"+{week.additions:,}",
            f"-{week.deletions:,}",
            f"{week.people:,}",
            f"{week.reverts:,}",
        )
    return table


def _hotspots(hotspots: list[Hotspot]) -> Table:
    table = bare_table(("file", "left"), ("score", "right"), ("", "left"))
    for name in ("lines", "commits", "people", "owner"):
        table.add_column(name, justify="right")
    most = max(one.score for one in hotspots)
    for one in hotspots:
        table.add_row(
            shortened(plain(one.path), PATH_WIDTH),
            f"{one.score:.1f}",
            Text(bar(one.score, most, 5), "red"),
            f"{one.churn_30d:,}",
            f"{one.commits_30d:,}",
            f"{one.contributors_30d:,}",
            "" if one.top_owner_ratio is None else f"{one.top_owner_ratio:.0%}",
        )
    return table


def _list(repositories: list[RepositoryOverview]) -> Iterator[RenderableType]:
    yield heading(f"{len(repositories):,} repositories", "`devhealth show --repo NAME` shows one in full")
    table = bare_table(("repository", "left"))
    for name in ("organisation", "commits", "people", "files", "last commit", "bus factor"):
        table.add_column(name, justify="left" if name == "organisation" else "right")
    for one in repositories:
        totals, bus = one.totals, one.bus_factor_30d
        counts = (f"{count:,}" for count in (totals.commits, totals.people, totals.files))
        last = "" if totals.last_commit_at is None else _day(totals.last_commit_at)
        table.add_row(shortened(plain(one.name), 24), one.organisation, *counts, last, "" if bus is None else str(bus))
    yield table


def _last_run(stages: list[StageTotals]) -> Iterator[RenderableType]:
    if not stages:
        return
    yield heading("Time spent", "the last run that found something new")
    table = bare_table(
        ("stage", "left"), ("seconds", "right"), ("", "left"), ("rows", "right"), ("rows per second", "right")
    )
    longest = max(one.seconds for one in stages)
    for one in stages:
        rate = f"{one.rows / one.seconds:,.0f}" if one.rows and one.seconds else ""
        shown = f"{one.rows:,}" if one.rows else ""
        table.add_row(one.stage, f"{one.seconds:.2f}", Text(bar(one.seconds, longest, BAR_WIDTH), "blue"), shown, rate)
    yield table


def _next_step(overview: Overview) -> str:
    if not overview.repositories:
        return "`devhealth sync git --repo-path PATH` reads a first repository."
    if not any(one.weeks for one in overview.repositories):
        return "`devhealth metrics daily` computes the daily tables."
    return "`devhealth sync git --repo-path PATH` reads another repository."


def _branch(repository: RepositoryOverview) -> str:
    return plain(repository.default_branch or "none yet")


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "no commit"
