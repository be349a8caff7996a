-- On the last day with commits: the days after it would measure the silence.
select
    repo_id,
    argMax(daily.bus_factor_30d, daily.day) as bus_factor_30d,
    max(daily.day) as day
from repo_metrics_daily_latest as daily
where org_id = %(org_id)s and repo_id in %(repo_ids)s and daily.commits_count > 0 and daily.bus_factor_30d is not null
group by repo_id
