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
    daily.repo_id as repo_id,
    sum(daily.deployments_count) as deployments,
    sum(daily.failed_count) as failed
from deploy_metrics_daily_latest as daily
inner join scope on daily.repo_id = scope.repo_id
where
    daily.org_id = %(org_id)s
    and daily.environment = 'production'
    and daily.day between scope.first_day and scope.last_day
group by daily.repo_id
