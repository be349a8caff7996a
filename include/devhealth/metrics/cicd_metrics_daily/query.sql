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

newest_attempts as (
    select
        repo_id,
        run_id,
        argMax(tuple(conclusion, queued_at, started_at, finished_at), attempt) as newest
    from pipeline_runs final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and not is_deleted
    group by
        org_id,
        repo_id,
        run_id
),

finished_runs as (
    select
        runs.repo_id as repo_id,
        toDate(assumeNotNull(runs.newest.4), 'UTC') as day,
        runs.newest.1 = 'success' as has_succeeded,
        runs.newest.1 in ('failure', 'timed_out', 'startup_failure') as has_failed,
        if(has_succeeded or has_failed, dateDiff('second', runs.newest.3, runs.newest.4), null) as duration_seconds,
        if(has_succeeded or has_failed, dateDiff('second', runs.newest.2, runs.newest.3), null) as queue_seconds
    from newest_attempts as runs
    inner join scope on runs.repo_id = scope.repo_id
    where
        runs.newest.4 >= toDateTime({since:String}, 'UTC')
        and runs.newest.4 < toDateTime({before:String}, 'UTC')
        and day between scope.first_day and scope.last_day
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
from finished_runs
group by
    repo_id,
    day
