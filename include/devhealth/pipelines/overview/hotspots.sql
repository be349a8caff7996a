-- The snapshot that ends with the last week with commits.
with
activity as (
    select
        repo_id,
        max(day) as last_active_day
    from repo_metrics_daily_latest
    where org_id = %(org_id)s and repo_id in %(repo_ids)s and commits_count > 0
    group by repo_id
),

newest as (
    select
        repo_id,
        max(as_of) as newest_as_of
    from file_hotspots_latest
    inner join activity using (repo_id)
    where org_id = %(org_id)s and repo_id in %(repo_ids)s and as_of <= last_active_day + 7
    group by repo_id
)

select
    file_hotspots_latest.repo_id as repo_id,
    file_hotspots_latest.as_of as as_of,
    file_hotspots_latest.path as path,
    file_hotspots_latest.hotspot_score as score,
    file_hotspots_latest.churn_30d as churn_30d,
    file_hotspots_latest.commits_30d as commits_30d,
    file_hotspots_latest.contributors_30d as contributors_30d,
    file_hotspots_latest.top_owner_ratio as top_owner_ratio
from file_hotspots_latest
inner join newest
    on file_hotspots_latest.repo_id = newest.repo_id and file_hotspots_latest.as_of = newest.newest_as_of
where file_hotspots_latest.org_id = %(org_id)s and file_hotspots_latest.repo_id in %(repo_ids)s
order by repo_id asc, score desc, path asc
limit %(most)s by repo_id
