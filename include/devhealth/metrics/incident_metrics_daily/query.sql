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

happenings_in_scope as (
    select
        happened.repo_id as repo_id,
        happened.day as day,
        happened.is_resolution as is_resolution,
        happened.restore_seconds as restore_seconds
    from
        incident_days(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as happened
    inner join scope on happened.repo_id = scope.repo_id
    where happened.day between scope.first_day and scope.last_day
)

select
    repo_id,
    day,
    countIf(not is_resolution) as incidents_opened,
    countIf(is_resolution) as incidents_resolved,
    quantileExactInclusive(0.5) (restore_seconds) / 3600 as restore_hours_p50,
    quantileExactInclusive(0.9) (restore_seconds) / 3600 as restore_hours_p90,
    coalesce(sum(restore_seconds), 0) / 3600 as restore_hours_sum,
    count(restore_seconds) as restore_hours_count,
    count() as sample_size
from happenings_in_scope
group by
    repo_id,
    day
