"""A warehouse full of plausible history, made inside ClickHouse, and the time its metrics take.

Authors and files are skewed as in real repositories: a few people write most commits, a few files take most changes.
"""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devhealth.metrics import engine
from tests.bench import pull_request_data

ORG = "bench"
FIRST_DAY = date(2025, 1, 1)
FILES_PER_COMMIT = 10

_COMMITS = """
insert into commits (
    org_id, repo_id, committed_at, sha, author_name, author_email, authored_at, author_offset_seconds, committer_name,
    committer_email, subject, additions, deletions, files_changed, size_bucket, is_merge, is_revert, fetched_at
)
select
    {org_id:String},
    'repo-' || leftPad(toString(number % {repositories:UInt32}), 4, '0'),
    toDateTime({first_day:String}, 'UTC') + cityHash64(number, 'at') % ({days:UInt32} * 86400) as at,
    lower(hex(sipHash128(number))),
    'Person ' || toString(toUInt32(pow(cityHash64(number, 'who') % 1000 / 1000, 3) * 40) + number % 50 * 20) as author,
    replace(lower(author), ' ', '.') || '@example.com' as email,
    at,
    3600 * (cityHash64(email) % 24 - 11),
    author,
    email,
    'Change ' || toString(number),
    if(number % 12 = 0, 0, 10 * {files_per_commit:UInt32}),
    if(number % 12 = 0, 0, 4 * {files_per_commit:UInt32}),
    if(number % 12 = 0, 0, {files_per_commit:UInt32}),
    if(number % 12 = 0, 'small', 'medium'),
    number % 12 = 0,
    number % 97 = 0,
    toDateTime64('2030-01-01 00:00:00', 6, 'UTC')
from numbers(toUInt64(ceil({file_changes:UInt64} / {files_per_commit:UInt32} / 11 * 12)))
"""

_FILE_CHANGES = """
insert into commit_file_stats (
    org_id, repo_id, committed_at, sha, path, old_path, additions, deletions, is_binary, fetched_at
)
select
    org_id,
    repo_id,
    committed_at,
    sha,
    'src/module_' || toString(toUInt32(pow(cityHash64(sha, position) % 100000 / 100000, 2) * 200) * 10 + position)
    || '/file.py',
    null,
    10,
    4,
    false,
    fetched_at
from commits
array join range({files_per_commit:UInt32}) as position
where org_id = {org_id:String} and not is_merge
"""

_REACHABILITY = """
insert into commit_reachability
(org_id, repo_id, committed_at, sha, is_reachable, in_default_branch, fetched_at)
select
    org_id,
    repo_id,
    committed_at,
    sha,
    true,
    cityHash64(sha) % 20 != 0,
    fetched_at
from commits
where org_id = {org_id:String}
"""

_IDENTITIES = """
insert into commit_identities
(org_id, repo_id, name, email, identity_email, identity_name, is_bot, fetched_at)
select distinct
    org_id,
    repo_id,
    author_name,
    author_email,
    author_email,
    author_name,
    cityHash64(author_email) % 30 = 0,
    fetched_at
from commits
where org_id = {org_id:String}
"""

_REPOSITORIES = """
insert into repositories
(org_id, repo_id, provider, name, default_branch, is_shallow, counts_any_branch, fetched_at)
select distinct
    org_id,
    repo_id,
    'local_git',
    repo_id,
    'main',
    false,
    false,
    fetched_at
from commits
where org_id = {org_id:String}
"""

_BLAME = """
insert into blame_ranges
(org_id, repo_id, path, first_line, line_count, sha, fetched_at)
select
    org_id,
    repo_id,
    path,
    14 * row_number() over (partition by repo_id, path order by committed_at desc, sha asc) as first_line,
    14,
    sha,
    fetched_at
from commit_file_stats
where org_id = {org_id:String} and cityHash64(sha, path) % 10 = 0
"""


def fill(
    client: Any,
    repositories: int = 50,
    days: int = 365,
    file_changes: int = 1_000_000,
    pull_requests: int = 100_000,
) -> None:
    """Store the history of `repositories` repositories over `days` days from 2025-01-01, the rest counted in all."""
    parameters = {
        "org_id": ORG,
        "repositories": repositories,
        "days": days,
        "first_day": f"{FIRST_DAY} 00:00:00",
        "file_changes": file_changes,
        "files_per_commit": FILES_PER_COMMIT,
    }
    for statement in (_COMMITS, _FILE_CHANGES, _REACHABILITY, _IDENTITIES, _REPOSITORIES, _BLAME):
        engine.execute(client, statement, parameters)
    pull_request_data.fill(client, parameters, pull_requests)


def run(client: Any, days: int = 365, repositories: int = 50) -> list[engine.TableReport]:
    """Compute every metric table over the whole range; the reports say what each took."""
    return _timed(client, repositories, FIRST_DAY, days, days)


def run_one_day(client: Any, days: int = 365) -> list[engine.TableReport]:
    """Compute what one dirty day of one repository, in the middle of the range, makes necessary."""
    return _timed(client, 1, FIRST_DAY + timedelta(days=days // 2), 1, days)


def _timed(client: Any, repositories: int, first: date, dirty_days: int, days: int) -> list[engine.TableReport]:
    end = datetime.combine(FIRST_DAY + timedelta(days=days), datetime.min.time(), UTC) - timedelta(seconds=1)
    scopes = [
        engine.Scope(ORG, f"repo-{number:04}", first, first + timedelta(days=dirty_days))
        for number in range(repositories)
    ]
    return engine.compute(client, scopes, as_of=end, computed_at=datetime.fromtimestamp(time.time(), UTC))
