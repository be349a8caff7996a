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

activity_in_scope as (
    select activity.*
    from
        person_activity(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as activity
    inner join scope on activity.repo_id = scope.repo_id
    where activity.day between scope.first_day and scope.last_day and activity.identity_id != ''
)

select
    repo_id,
    identity_id as author_email,
    day,
    identity_id,
    any(team_id) as team_id,
    countIf(kind = 'commit') as commits_count,
    sum(added) as additions,
    sum(deleted) as deletions,
    sum(changed_files) as files_changed,
    countIf(is_large) as large_commits_count,
    sum(loc) / nullIf(commits_count, 0) as avg_commit_size_loc,
    if(any(knows_pull_requests), countIf(kind = 'opened'), null) as prs_opened,
    if(any(knows_pull_requests), countIf(kind = 'merged'), null) as prs_merged,
    quantileExactInclusive(0.5) (cycle_seconds) / 3600 as pr_cycle_hours_p50,
    quantileExactInclusive(0.9) (cycle_seconds) / 3600 as pr_cycle_hours_p90,
    if(any(knows_pull_requests), coalesce(sum(cycle_seconds), 0) / 3600, null) as pr_cycle_hours_sum,
    if(any(knows_pull_requests), count(cycle_seconds), null) as pr_cycle_hours_count,
    if(any(knows_pull_requests), countIf(kind = 'review given'), null) as reviews_given,
    if(any(knows_pull_requests), countIf(kind = 'review given' and is_changes_requested), null)
        as changes_requested_given,
    if(any(knows_pull_requests), countIf(kind = 'review received'), null) as reviews_received,
    dateDiff('second', min(acted_at), max(acted_at)) / 3600 as active_hours,
    count() as sample_size
from activity_in_scope
group by
    repo_id,
    identity_id,
    day
