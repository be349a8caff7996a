select
    repo_id,
    sum(prs_merged) as pull_requests_merged
from repo_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s
group by repo_id
