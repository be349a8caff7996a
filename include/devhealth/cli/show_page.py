"""An overview as a page of 80 columns, readable without colour."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from devhealth.cli.bars import bar, spark
from devhealth.cli.layout import bare_table, heading, shortened, shortened_apart
from devhealth.cli.show_delivery import delivery_lines
from devhealth.models.text import plain
from devhealth.pipelines.overview import Hotspot, Overview, RepositoryOverview, StageTotals, Totals, Week

PATH_WIDTH = 32
BAR_WIDTH = 14
_SHALLOW = "Shallow clone: totals are incomplete, its oldest commits left out; `git fetch --unshallow` completes it."


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
    branch = f", branch {plain(repository.default_branch or 'none yet')}" if totals else ""
    yield heading(plain(repository.name), f"organisation {repository.organisation}{branch}")
    if repository.is_shallow:
        yield Text(
            _SHALLOW,
            "yellow",
        )
    if totals and totals.commits and repository.default_branch is None and not repository.weeks:
        yield Text(
            "No default branch: `devhealth register PATH --default-branch NAME` says which one counts.", "yellow"
        )
    if totals:
        yield from _totals(totals)
    else:
        yield Text("Commits were never read: `devhealth sync git` reads them.", "dim")
    if repository.delivery:
        yield from delivery_lines(repository.delivery)
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


def _totals(totals: Totals) -> Iterator[RenderableType]:
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
    is_one = len({one.organisation for one in repositories}) == 1
    for organisation, some in groupby(repositories, key=lambda one: one.organisation):
        given = "" if is_one else f" --org {organisation}"
        listed = list(some)
        count = "1 repository" if len(listed) == 1 else f"{len(listed):,} repositories"
        yield heading(f"{count} of {organisation}", f"`devhealth show --repo NAME{given}` shows one in full")
        yield _rows(listed)


def _rows(repositories: list[RepositoryOverview]) -> Table:
    has_merged = any(one.pull_requests_merged is not None for one in repositories)
    table = bare_table(("repository", "left"))
    for name in ("commits", "people", "files", "last commit", "bus\nfactor", *["PRs\nmerged"] * has_merged):
        table.add_column(name, justify="right")
    short = shortened_apart((plain(one.name) for one in repositories), 24)
    for one in repositories:
        totals = one.totals
        counts = (totals.commits, totals.people, totals.files) if totals else (None, None, None)
        last = _day(totals.last_commit_at) if totals and totals.last_commit_at else ""
        cells = [*map(_count, counts), last, _count(one.bus_factor_30d), _count(one.pull_requests_merged)]
        table.add_row(short[plain(one.name)], *cells[: len(table.columns) - 1])
    return table


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
    if not any(one.weeks or (one.delivery and one.delivery.last_day) for one in overview.repositories):
        return "`devhealth metrics daily` computes the daily tables."
    return "`devhealth sync git --repo-path PATH` reads another repository."


def _count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "no commit"
