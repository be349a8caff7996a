select
    repo_id,
    argMax(bus_factor_30d, day) as bus_factor_30d,
    max(day) as day
from repo_metrics_daily_latest
where org_id = %(org_id)s and bus_factor_30d is not null
group by repo_id
