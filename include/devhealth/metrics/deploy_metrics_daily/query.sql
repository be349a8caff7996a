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

finished_deployments as (
    select
        finished.repo_id as repo_id,
        finished.environment as environment,
        toDate(assumeNotNull(finished.finished_at), 'UTC') as day,
        finished.state = 'failed' as has_failed,
        if(
            finished.finished_at >= finished.created_at,
            dateDiff('second', finished.created_at, finished.finished_at),
            null
        ) as duration_seconds
    from (
        select
            repo_id,
            environment,
            state,
            created_at,
            finished_at
        from deployments final
        where
            org_id = {org_id:String}
            and repo_id in {repo_ids:Array(String)}
            and not is_deleted
            and finished_at >= toDateTime({since:String}, 'UTC')
            and finished_at < toDateTime({before:String}, 'UTC')
    ) as finished
    inner join scope on finished.repo_id = scope.repo_id
    where day between scope.first_day and scope.last_day
)

select
    repo_id,
    environment,
    day,
    count() as deployments_count,
    countIf(has_failed) as failed_count,
    quantileExactInclusive(0.5) (duration_seconds) / 3600 as duration_hours_p50,
    coalesce(sum(duration_seconds), 0) / 3600 as duration_hours_sum,
    count(duration_seconds) as duration_hours_count,
    deployments_count as sample_size
from finished_deployments
group by
    repo_id,
    environment,
    day
