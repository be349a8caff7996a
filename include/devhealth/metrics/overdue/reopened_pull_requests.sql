-- Days that still count pull requests as closed that were reopened since: the day they were closed on is told no more.
with
closed as (
    select
        org_id,
        repo_id,
        toDate(assumeNotNull(closed_at), 'UTC') as day,
        count() as closed_count
    from pull_requests final
    where org_id in {org_ids:Array(String)} and not is_deleted and isNotNull(closed_at) and isNull(merged_at)
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
        assumeNotNull(prs_closed_unmerged) as closed_count
    from repo_metrics_daily_latest
    where org_id in {org_ids:Array(String)} and day < {as_of_day:Date} and prs_closed_unmerged > 0
)

select
    reported.org_id as org_id,
    reported.repo_id as repo_id,
    reported.day as first_day,
    reported.day as last_day
from reported
left join closed
    on reported.org_id = closed.org_id and reported.repo_id = closed.repo_id and reported.day = closed.day
where reported.closed_count > closed.closed_count
