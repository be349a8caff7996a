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

commits_in_scope as (
    select
        commits_in_range.repo_id as repo_id,
        commits_in_range.committed_at as committed_at,
        commits_in_range.sha as sha,
        commits_in_range.day as day,
        commits_in_range.identity_id as identity_id
    from
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as commits_in_range
    inner join scope on commits_in_range.repo_id = scope.repo_id
    where commits_in_range.day between scope.first_day and scope.last_day
)

select
    repo_id,
    path,
    day,
    sum(toUInt64(changes.additions) + changes.deletions) as churn,
    sum(changes.additions) as additions,
    sum(changes.deletions) as deletions,
    count() as commits_count,
    uniqExact(identity_id) as authors,
    commits_count as sample_size
from
    file_changes(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = {since:String},
        before = {before:String}
    ) as changes
inner join commits_in_scope using (repo_id, committed_at, sha)
group by
    repo_id,
    path,
    day
