-- Days that still count incidents as resolved that were reopened since: the day of the resolution is told no more.
with
resolved as (
    select
        org_id,
        repo_id,
        toDate(assumeNotNull(resolved_at), 'UTC') as day,
        count() as resolved_count
    from incidents final
    where org_id in {org_ids:Array(String)} and not is_deleted and isNotNull(resolved_at)
    group by
        org_id,
        repo_id,
        day
),

reported as (
    select
        org_id,
        repo_id,
        day,
        incidents_resolved as resolved_count
    from incident_metrics_daily_latest
    where org_id in {org_ids:Array(String)} and day < {as_of_day:Date} and incidents_resolved > 0
)

select
    reported.org_id as org_id,
    reported.repo_id as repo_id,
    reported.day as first_day,
    reported.day as last_day
from reported
left join resolved
    on reported.org_id = resolved.org_id and reported.repo_id = resolved.repo_id and reported.day = resolved.day
where reported.resolved_count > resolved.resolved_count
