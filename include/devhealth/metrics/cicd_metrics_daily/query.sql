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

runs_in_scope as (
    select
        runs.repo_id as repo_id,
        runs.day as day,
        runs.has_succeeded as has_succeeded,
        runs.has_failed as has_failed,
        runs.duration_seconds as duration_seconds,
        runs.queue_seconds as queue_seconds
    from
        finished_runs(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as runs
    inner join scope on runs.repo_id = scope.repo_id
    where runs.day between scope.first_day and scope.last_day
)

select
    repo_id,
    day,
    count() as pipelines_count,
    countIf(has_succeeded) as success_count,
    countIf(has_failed) as failure_count,
    success_count / nullIf(success_count + failure_count, 0) as success_ratio,
    quantileExactInclusive(0.5) (duration_seconds) / 60 as duration_minutes_p50,
    quantileExactInclusive(0.9) (duration_seconds) / 60 as duration_minutes_p90,
    coalesce(sum(duration_seconds), 0) / 60 as duration_minutes_sum,
    count(duration_seconds) as duration_minutes_count,
    quantileExactInclusive(0.5) (queue_seconds) / 60 as queue_minutes_p50,
    coalesce(sum(queue_seconds), 0) / 60 as queue_minutes_sum,
    count(queue_seconds) as queue_minutes_count,
    pipelines_count as sample_size
from runs_in_scope
group by
    repo_id,
    day
