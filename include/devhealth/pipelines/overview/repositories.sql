select
    repo_id,
    name,
    default_branch,
    is_shallow
from repositories final
where org_id = %(org_id)s
order by name, repo_id
