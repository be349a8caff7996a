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
    happened.repo_id as repo_id,
    countIf(not happened.is_resolution) as opened,
    countIf(happened.is_resolution) as resolved,
    quantileExactInclusive(0.5) (happened.restore_seconds) / 3600 as restore_hours_p50
from
    incident_days(
        org_id = %(org_id)s,
        repo_ids = %(scope_repo_ids)s,
        since = %(since)s,
        before = %(before)s
    ) as happened
inner join scope on happened.repo_id = scope.repo_id
where happened.day between scope.first_day and scope.last_day
group by happened.repo_id
