"""Which days of a metric table a change of its inputs touches."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

_DAY = timedelta(days=1)
_FIRST_DAY = date(1970, 1, 1)
_SHORT = 180
"""Days: ranges up to this long are read together where they begin within as many days."""
_MOST_REPOSITORY_DAYS = 100_000
"""What one pass covers at most, so that what it holds in memory has a bound."""


@dataclass(frozen=True, slots=True)
class Scope:
    """UTC days of one repository whose inputs changed; `since` inclusive, `before` exclusive."""

    org_id: str
    repo_id: str
    since: date
    before: date


@dataclass(frozen=True, slots=True, order=True)
class OutputDays:
    """Days whose rows are computed again; both inclusive."""

    org_id: str
    repo_id: str
    first: date
    last: date


def output_days(scopes: Iterable[Scope], window_days: int, last_day: date) -> list[OutputDays]:
    """The days whose trailing windows see the scopes, none after `last_day`; apart from each other in a repository."""
    touched = []
    for scope in scopes:
        first = max(scope.since, _FIRST_DAY)
        last = min(min(scope.before, last_day + _DAY) + (window_days - 2) * _DAY, last_day)
        if scope.since < scope.before and first <= last:
            touched.append(OutputDays(scope.org_id, scope.repo_id, first, last))
    return _joined(touched)


def of_organisations(days: Iterable[OutputDays]) -> list[OutputDays]:
    """The same days without regard to the repository, whose id is empty."""
    return _joined(OutputDays(one.org_id, "", one.first, one.last) for one in days)


def passes(days: Iterable[OutputDays]) -> Iterator[list[OutputDays]]:
    """The days by organisation, short ranges apart from long ones, and near ones together.

    A pass reads all its repositories over all its days. So a range of ten years is not in a pass with others of a day,
    and what a pass reads is a small multiple of what its ranges hold.
    """
    by_size: dict[tuple[str, int], list[OutputDays]] = defaultdict(list)
    for one in days:
        by_size[one.org_id, _size(one)].append(one)
    for (_, size), of_one in sorted(by_size.items()):
        batch: list[OutputDays] = []
        for one in sorted(of_one, key=lambda one: (one.first, one.repo_id)):
            if batch and (one.first > batch[0].first + size * _DAY or (len(batch) + 1) * size > _MOST_REPOSITORY_DAYS):
                yield batch
                batch = []
            batch.append(one)
        yield batch


def _size(one: OutputDays) -> int:
    """The days of a range, rounded up to a doubling of `_SHORT`."""
    size = _SHORT
    while size <= (one.last - one.first).days:
        size *= 2
    return size


def read_from(days: Iterable[OutputDays], window_days: int) -> date:
    """The first day the rows of `days` look back to."""
    first = min(one.first for one in days)
    return max(first, _FIRST_DAY + (window_days - 1) * _DAY) - (window_days - 1) * _DAY


def _joined(days: Iterable[OutputDays]) -> list[OutputDays]:
    joined: list[OutputDays] = []
    for (org_id, repo_id), ranges in groupby(sorted(days), key=lambda one: (one.org_id, one.repo_id)):
        for one in ranges:
            before = joined[-1] if joined else None
            if before and (before.org_id, before.repo_id) == (org_id, repo_id) and one.first <= before.last + _DAY:
                joined[-1] = OutputDays(org_id, repo_id, before.first, max(before.last, one.last))
            else:
                joined.append(one)
    return joined
