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

commits_of_people as (
    select commits_in_range.*
    from
        commit_teams(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as commits_in_range
    inner join scope on commits_in_range.repo_id = scope.repo_id
    where commits_in_range.day between scope.first_day and scope.last_day and not commits_in_range.is_bot
)

select
    repo_id,
    identity_id as author_email,
    day,
    identity_id,
    any(team_id) as team_id,
    count() as commits_count,
    sum(added) as additions,
    sum(deleted) as deletions,
    sum(changed_files) as files_changed,
    countIf(is_large) as large_commits_count,
    sum(loc) / count() as avg_commit_size_loc,
    dateDiff('second', min(committed_at), max(committed_at)) / 3600 as active_hours,
    count() as sample_size
from commits_of_people
group by
    repo_id,
    identity_id,
    day
