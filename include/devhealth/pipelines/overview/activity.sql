-- The last day on which anything happened that a target tells of.
select
    repo_id,
    'git' as target,
    maxOrNullIf(day, commits_count > 0) as last_day
from repo_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s
group by repo_id
union all
select
    repo_id,
    'prs' as target,
    max(day) as last_day
from repo_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s and prs_opened + prs_merged + prs_closed_unmerged > 0
group by repo_id
union all
select
    repo_id,
    'cicd' as target,
    max(day) as last_day
from cicd_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s
group by repo_id
union all
select
    repo_id,
    'deployments' as target,
    max(day) as last_day
from deploy_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s
group by repo_id
union all
select
    repo_id,
    'incidents' as target,
    max(day) as last_day
from incident_metrics_daily_latest
where org_id = %(org_id)s and repo_id in %(repo_ids)s
group by repo_id
