-- The snapshot of each repository that ends with its last week with commits.
with
activity as (
    select
        repo_id,
        max(day) as last_active_day
    from repo_metrics_daily_latest
    where org_id = %(org_id)s and repo_id in %(repo_ids)s and commits_count > 0
    group by repo_id
)

select
    snapshots.repo_id as repo_id,
    max(snapshots.as_of) as as_of
from file_hotspots as snapshots
inner join activity using (repo_id)
where
    snapshots.org_id = %(org_id)s
    and snapshots.repo_id in %(repo_ids)s
    and snapshots.as_of <= activity.last_active_day + 7
group by snapshots.repo_id
