-- What was ever read to the end, whether or not there was anything.
select
    repo_id,
    target
from repository_targets final
where org_id = %(org_id)s and repo_id in %(repo_ids)s
