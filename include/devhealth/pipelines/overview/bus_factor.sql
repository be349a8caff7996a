select
    daily.repo_id as repo_id,
    argMax(daily.bus_factor_30d, daily.day) as bus_factor_30d,
    max(daily.day) as day
from repo_metrics_daily_latest as daily
where daily.org_id = %(org_id)s and daily.bus_factor_30d is not null
group by daily.repo_id
