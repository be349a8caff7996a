-- Rows that do not tell of pull requests, of repositories whose pull requests were asked for since.
with
knowing as (
    select
        org_id,
        repo_id
    from repository_targets final
    where org_id in {org_ids:Array(String)} and target = 'prs'
    union distinct
    select
        org_id,
        repo_id
    from pull_requests
    where org_id in {org_ids:Array(String)}
)

select
    org_id,
    repo_id,
    min(day) as first_day,
    max(day) as last_day
from repo_metrics_daily_latest
where
    org_id in {org_ids:Array(String)}
    and day <= {as_of_day:Date}
    and (org_id, repo_id) in (
        select
            org_id,
            repo_id
        from knowing
    )
    and isNull(prs_opened)
group by
    org_id,
    repo_id
