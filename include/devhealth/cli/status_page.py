"""Status as a page, readable in 80 columns and without colour: what is wrong stands first."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from devhealth.cli.bars import bar
from devhealth.cli.durations import ago, span
from devhealth.cli.layout import bare_table, heading, shortened, shortened_apart
from devhealth.models.text import plain
from devhealth.pipelines.backfill import JobStatus
from devhealth.pipelines.status import OrganisationStatus, Status
from devhealth.semantic.sync_state import ConfigurationState, DirtyDays, TargetState

MOST_LISTED = 15
NAME_WIDTH = 26
JOB_WIDTH = 18
BAR_WIDTH = 8
LATE_SECONDS = 2 * 86_400

_WORDS = {
    None: ("never ran", "yellow"),
    "succeeded": ("ok", "green"),
    "stored": ("ok", "green"),
    "damaged": ("damaged", "yellow"),
    "partly_failed": ("partly failed", "yellow"),
    "failed": ("failed", "red"),
}
_COLOURS = {
    "ok": "green",
    "late": "yellow",
    "gone": "yellow",
    "nothing yet": "yellow",
    "damaged": "yellow",
    "failed": "red",
}
_JOB_WORDS = {"completed_with_errors": "with errors"}
_JOB_COLOURS = {"completed": "green", "running": "cyan", "pending": "dim", "failed": "red"}


def page(status: Status) -> Group:
    """Each organisation in full, then the next step."""
    return Group(*_parts(status))


def _parts(status: Status) -> Iterator[RenderableType]:
    for one in status.organisations:
        yield from _organisation(one, status.as_of)
    yield Text.assemble(("\nNext: ", "bold"), _next_step(status))


def _organisation(one: OrganisationStatus, as_of: datetime) -> Iterator[RenderableType]:
    limit = "any number of" if one.backfill_days is None else f"up to {one.backfill_days:,}"
    yield heading(one.organisation, f"{one.tier} tier, backfills of {limit} days")
    if not one.configurations:
        yield Text("Nothing is configured.", "yellow")
        return
    yield from _configurations(one.configurations, one.targets, as_of)
    if len(one.targets) > MOST_LISTED:
        yield from _summary(one.targets)
    if one.targets:
        yield from _targets(one.targets)
    yield from _troubles(one)
    yield _dirty(one.dirty, as_of)
    if one.backfills:
        yield from _backfills(one.backfills)


def _configurations(
    found: Sequence[ConfigurationState], read: Sequence[TargetState], as_of: datetime
) -> Iterator[RenderableType]:
    known: dict[str | None, set[str]] = defaultdict(set)
    for target in read:
        known[target.configuration].add(target.repo_id or target.repository)
    table = bare_table(("configuration", "left"), ("sources", "right"), ("targets", "left"))
    for name in ("last run", "outcome"):
        table.add_column(name, no_wrap=True)
    first = sorted(found, key=lambda one: (one.is_paused, one.last_outcome == "succeeded"))
    for one in first[:MOST_LISTED]:
        word, colour = _WORDS[one.last_outcome]
        table.add_row(
            shortened(plain(one.name), NAME_WIDTH),
            _sources(one, len(known[one.name])),
            ", ".join(one.targets),
            ago(one.last_run_at, as_of) if one.last_run_at else "",
            Text("paused", "dim") if one.is_paused else Text(word, colour),
        )
    yield Text()
    yield table
    yield from _more(len(found) - MOST_LISTED)


def _sources(one: ConfigurationState, known: int) -> str:
    """How many it names, or those its rules have found; a + for what they will find."""
    if one.is_discovering and not known:
        return f"{one.sources_count:,}+"
    return f"{max(one.sources_count, known) if one.is_discovering else one.sources_count:,}"


_STANDINGS = ("failed", "damaged", "nothing yet", "gone", "late", "ok")
"""How a target stands, the worst first."""


def _standing(one: TargetState) -> str:
    if one.gone_since:
        return "gone"
    if one.last_outcome in {"failed", "damaged"}:
        return one.last_outcome
    if one.last_error:
        return "failed"
    if one.watermark is None:
        return "nothing yet"
    return "late" if (one.lag_seconds or 0.0) >= LATE_SECONDS else "ok"


def _summary(found: Sequence[TargetState]) -> Iterator[RenderableType]:
    """How many repositories stand how, by target."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        counts[one.target][_standing(one)] += 1
    shown = [
        word
        for word in reversed(_STANDINGS)
        if word in {"ok", "late", "failed"} or any(count[word] for count in counts.values())
    ]
    table = bare_table(("target", "left"), *((word, "right") for word in shown))
    for target, count in sorted(counts.items()):
        table.add_row(
            target,
            *(Text(f"{count[word]:,}", _COLOURS[word] if count[word] else "dim") for word in shown),
        )
    yield Text()
    yield table


def _targets(found: Sequence[TargetState]) -> Iterator[RenderableType]:
    table = bare_table(("repository", "left"), ("target", "left"), ("stored up to (UTC)", "left"))
    table.add_column("lag", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    worst = {word: place for place, word in enumerate(_STANDINGS)}
    worst_first = heapq.nsmallest(
        MOST_LISTED, found, key=lambda one: (worst[_standing(one)], -(one.lag_seconds or 0.0))
    )
    short = shortened_apart((plain(one.repository) for one in worst_first), NAME_WIDTH)
    for one in worst_first:
        word, colour = _WORDS[one.last_outcome] if one.last_outcome else ("", "")
        if one.gone_since:
            word, colour = f"gone since {one.gone_since:%Y-%m-%d}", "yellow"
        late = "yellow" if one.lag_seconds is not None and one.lag_seconds >= LATE_SECONDS else ""
        table.add_row(
            short[plain(one.repository)],
            one.target,
            f"{one.watermark:%Y-%m-%d %H:%M}" if one.watermark else Text("nothing yet", "dim"),
            Text("" if one.lag_seconds is None else span(one.lag_seconds), late),
            Text(word, colour),
        )
    yield Text()
    yield table
    yield from _more(len(found) - MOST_LISTED)


def _troubles(one: OrganisationStatus) -> Iterator[RenderableType]:
    explained = {target.configuration for target in one.targets if target.last_error}
    troubles = [
        *((f"{each.repository} ({each.target})", each.last_error) for each in one.targets if each.last_error),
        *(
            (each.name, each.last_error)
            for each in one.configurations
            if each.last_error and each.name not in explained
        ),
    ]
    if troubles:
        yield Text("\nWhat went wrong", "bold")
    for name, error in troubles[:MOST_LISTED]:
        sentence = Text.assemble((f"{plain(name)}: ", "red"), plain(error))
        yield Padding(sentence, (0, 0, 0, 2))
    yield from _more(len(troubles) - MOST_LISTED)


def _dirty(dirty: DirtyDays, as_of: datetime) -> Text:
    if not dirty.days_count or dirty.waiting_since is None:
        return Text.assemble(("\nMetrics  ", "bold"), ("computed for all that is stored", "green"))
    days = _counted(dirty.days_count, "day", "days")
    where = _counted(dirty.repositories_count, "repository", "repositories")
    ranges = _counted(dirty.ranges_count, "range", "ranges")
    waiting = f"{days} in {ranges} of {where} to compute"
    since = f", waiting for {span((as_of - dirty.waiting_since).total_seconds())}"
    return Text.assemble(("\nMetrics  ", "bold"), (waiting, "yellow"), (since, "dim"))


def _backfills(jobs: Sequence[JobStatus]) -> Iterator[RenderableType]:
    table = bare_table(("backfill of", "left"), ("days", "left"), ("chunks", "right"), ("", "left"))
    table.add_column("status", no_wrap=True)
    for job in jobs[:MOST_LISTED]:
        table.add_row(
            shortened(plain(job.configuration), JOB_WIDTH),
            f"{job.since} to {job.before}",
            f"{job.completed:,}/{job.chunks:,}",
            Text(bar(job.completed, job.chunks, BAR_WIDTH), "cyan"),
            Text(_JOB_WORDS.get(job.status, job.status), _JOB_COLOURS.get(job.status, "yellow")),
        )
    yield Text()
    yield table
    yield from _more(len(jobs) - MOST_LISTED)


def _next_step(status: Status) -> str:
    found = status.organisations
    if not found:
        return (
            "`devhealth config apply FILE.yaml`, or `devhealth sync git --org ORG --repo-path PATH`, makes a first one."
        )
    empty = [one.organisation for one in found if not one.configurations]
    if len(empty) == len(found):
        return f"`devhealth register PATH --org {empty[0]}` gives it a repository."
    configurations = [each for one in found for each in one.configurations if not each.is_paused]
    if any(each.last_outcome is None for each in configurations):
        return "`devhealth sync git` reads what was never read, or a run of the DAG does."
    is_of_a_sync = any(target.last_error for one in found for target in one.targets)
    if is_of_a_sync or any(each.last_error for each in configurations):
        again = "the next sync tries it again" if is_of_a_sync else "`devhealth backfill status` says how to go on"
        return f"correct what went wrong; {again}."
    if any(one.dirty.days_count for one in found):
        return "`devhealth metrics daily` computes what waits, or the next run of the DAG that computes metrics does."
    return "`devhealth show` prints what is stored."


def _more(count: int) -> Iterator[Text]:
    if count > 0:
        yield Text(f"and {count:,} more; --json lists all", "dim")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
