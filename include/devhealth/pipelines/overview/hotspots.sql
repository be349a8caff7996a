with newest as (
    select
        repo_id,
        max(as_of) as as_of
    from file_hotspots_latest
    where org_id = %(org_id)s
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
    on newest.repo_id = file_hotspots_latest.repo_id and newest.as_of = file_hotspots_latest.as_of
where file_hotspots_latest.org_id = %(org_id)s
order by repo_id, score desc, path
limit %(most)s by repo_id
