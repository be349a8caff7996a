with
scope as (
    select
        one.1 as first_day,
        one.2 as last_day
    from (select arrayJoin(arrayZip({scope_first_days:Array(Date)}, {scope_last_days:Array(Date)})) as one)
),

activity_in_scope as (
    select
        activity.team_id as team_id,
        activity.day as day,
        activity.kind = 'commit' as is_commit,
        activity.kind = 'merged' as is_merge_of_pull_request,
        activity.cycle_seconds as cycle_seconds,
        activity.knows_pull_requests as knows_pull_requests,
        is_commit and activity.author_weekday > 5 as is_weekend,
        is_commit and not is_weekend and (
            activity.author_hour < {business_hours_start:UInt8} or activity.author_hour >= {business_hours_end:UInt8}
        ) as is_after_hours
    from
        person_activity(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as activity
    cross join scope
    where activity.day between scope.first_day and scope.last_day and activity.kind in ('commit', 'merged')
)

select
    team_id,
    day,
    countIf(is_commit) as commits_count,
    countIf(is_after_hours) as after_hours_commits_count,
    countIf(is_weekend) as weekend_commits_count,
    after_hours_commits_count / nullIf(commits_count, 0) as after_hours_ratio,
    weekend_commits_count / nullIf(commits_count, 0) as weekend_ratio,
    if(max(knows_pull_requests), countIf(is_merge_of_pull_request), null) as prs_merged,
    quantileExactInclusive(0.5) (cycle_seconds) / 3600 as pr_cycle_hours_p50,
    quantileExactInclusive(0.9) (cycle_seconds) / 3600 as pr_cycle_hours_p90,
    if(max(knows_pull_requests), coalesce(sum(cycle_seconds), 0) / 3600, null) as pr_cycle_hours_sum,
    if(max(knows_pull_requests), count(cycle_seconds), null) as pr_cycle_hours_count,
    count() as sample_size
from activity_in_scope
group by
    team_id,
    day
