select
    repo_id,
    uniqExact(path) as files
from commit_file_stats
where org_id = %(org_id)s
group by repo_id
