with
scope as (
    select
        one.1 as repo_id,
        toDate(one.2) as first_day,
        toDate(one.3) as last_day
    from (
        select arrayJoin(arrayZip(%(scope_repo_ids)s, %(scope_first_days)s, %(scope_last_days)s)) as one
    )
)

select
    runs.repo_id as repo_id,
    count() as runs,
    countIf(runs.has_succeeded) / nullIf(countIf(runs.has_succeeded or runs.has_failed), 0) as success_ratio,
    quantileExactInclusive(0.5) (runs.duration_seconds) / 60 as duration_minutes_p50
from
    finished_runs(
        org_id = %(org_id)s,
        repo_ids = %(scope_repo_ids)s,
        since = %(since)s,
        before = %(before)s
    ) as runs
inner join scope on runs.repo_id = scope.repo_id
where runs.day between scope.first_day and scope.last_day
group by runs.repo_id
