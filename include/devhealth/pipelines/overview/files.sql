select
    repo_id,
    uniqExact(path) as files
from commit_file_stats final
where org_id = %(org_id)s and repo_id in %(repo_ids)s and not is_gone
group by repo_id
