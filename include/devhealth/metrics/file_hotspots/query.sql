with
scope as (
    select
        one.1 as repo_id,
        one.2 as first_day,
        one.3 as last_day
    from (
        select
            arrayJoin(
                arrayZip({scope_repo_ids:Array(String)}, {scope_first_days:Array(Date)}, {scope_last_days:Array(Date)})
            ) as one
    )
),

commits_with_the_snapshots_they_are_in as (
    select
        counted_commits.repo_id as repo_id,
        counted_commits.committed_at as committed_at,
        counted_commits.sha as sha,
        cityHash64(counted_commits.identity_id) as author,
        counted_commits.day + (8 - toDayOfWeek(counted_commits.day)) % 7 as next_monday,
        arrayDistinct(arrayFilter(
            candidate -> candidate between greatest(counted_commits.day, scope.first_day)
            and least(counted_commits.day + 29, scope.last_day),
            [next_monday, next_monday + 7, next_monday + 14, next_monday + 21, next_monday + 28, {as_of_day:Date}]
        )) as snapshot_days
    from
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as counted_commits
    inner join scope on counted_commits.repo_id = scope.repo_id
),

shares_of_authors as (
    select
        changes.repo_id as repo_id,
        changes.path as path,
        snapshot_day,
        commits.author as author,
        sum(toUInt64(changes.additions) + changes.deletions) as churn,
        count() as commits_count
    from
        file_changes(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as changes
    inner join commits_with_the_snapshots_they_are_in as commits using (repo_id, committed_at, sha)
    array join commits.snapshot_days as snapshot_day
    group by
        changes.repo_id,
        changes.path,
        snapshot_day,
        author
),

snapshots as (
    select
        repo_id,
        path,
        snapshot_day,
        sum(shares_of_authors.churn) as churn,
        sum(shares_of_authors.commits_count) as commits_count,
        count() as contributors_count,
        max(shares_of_authors.churn) as top_author_churn
    from shares_of_authors
    group by
        repo_id,
        path,
        snapshot_day
),

blamed_lines_of_authors as (
    select
        blame.repo_id as repo_id,
        blame.path as path,
        commits.identity_id as author,
        sum(blame.lines) as lines
    from blame_current(org_id = {org_id:String}, repo_ids = {repo_ids_at_the_end:Array(String)}) as blame
    inner join
        commit_people(
            org_id = {org_id:String},
            repo_ids = {repo_ids_at_the_end:Array(String)},
            since = '1970-01-01 00:00:00',
            before = {before:String}
        ) as commits
        on blame.repo_id = commits.repo_id and blame.sha = commits.sha
    group by
        blame.repo_id,
        blame.path,
        author
),

-- Blame tells of the files as they are now, so it speaks for the last snapshot only.
blamed_files as (
    select
        repo_id,
        path,
        {as_of_day:Date} as snapshot_day,
        sum(blamed_lines_of_authors.lines) as lines,
        max(blamed_lines_of_authors.lines) as top_author_lines
    from blamed_lines_of_authors
    group by
        repo_id,
        path
)

select
    snapshots.repo_id as repo_id,
    snapshots.path as path,
    snapshots.snapshot_day as as_of,
    snapshots.churn as churn_30d,
    snapshots.commits_count as commits_30d,
    snapshots.contributors_count as contributors_30d,
    0.4 * log(1 + snapshots.churn) + 0.3 * snapshots.contributors_count
    + 0.3 * snapshots.commits_count as hotspot_score,
    if(blamed_files.lines > 0, 'blame', 'churn') as owner_basis,
    if(blamed_files.lines > 0, blamed_files.lines, snapshots.churn) as owned_lines,
    if(blamed_files.lines > 0, blamed_files.top_author_lines, snapshots.top_author_churn) as top_owner_lines,
    top_owner_lines / nullIf(owned_lines, 0) as top_owner_ratio,
    snapshots.commits_count as sample_size
from snapshots
left join blamed_files using (repo_id, path, snapshot_day)
