-- Rows of quiet repositories end although their trailing 30 days still hold activity.
select
    org_id,
    repo_id,
    max(day) + 1 as first_day,
    {as_of_day:Date} as last_day
from repo_metrics_daily_latest
where org_id in {org_ids:Array(String)} and day <= {as_of_day:Date}
group by
    org_id,
    repo_id
having
    first_day <= least(
        {as_of_day:Date},
        maxIf(day, commits_count > 0 or prs_opened > 0 or prs_merged > 0 or prs_closed_unmerged > 0) + 29
    )
