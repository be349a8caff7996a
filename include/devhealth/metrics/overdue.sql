select
    org_id,
    repo_id,
    max(day) as last_reported_day,
    maxIf(day, commits_count > 0) as last_active_day
from repo_metrics_daily_latest
where org_id in {org_ids:Array(String)} and day <= {as_of_day:Date}
group by
    org_id,
    repo_id
having last_reported_day < least({as_of_day:Date}, last_active_day + 29)
