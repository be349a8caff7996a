select
    repo_id,
    as_of,
    path,
    hotspot_score as score,
    churn_30d,
    commits_30d,
    contributors_30d,
    top_owner_ratio
from file_hotspots_latest
where
    org_id = %(org_id)s
    and as_of in %(days)s
    and (repo_id, as_of) in %(snapshots)s
order by repo_id asc, score desc, path asc
limit %(most)s by repo_id
