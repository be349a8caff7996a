-- How many lines of a file each commit last touched, from the newest blame of that file only.
create or replace view blame_current as
with
ranges_once as (
    select
        repo_id,
        path,
        sha,
        line_count,
        fetched_at
    from blame_ranges final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
),

newest_blames as (
    select
        repo_id,
        path,
        max(fetched_at) as fetched_at
    from blame_ranges
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    group by
        repo_id,
        path
)

select
    repo_id,
    path,
    sha,
    sum(line_count) as lines
from ranges_once
inner join newest_blames using (repo_id, path, fetched_at)
where line_count > 0
group by
    repo_id,
    path,
    sha
