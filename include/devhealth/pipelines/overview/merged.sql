select
    repo_id,
    count() as pull_requests_merged
from pull_requests final
where org_id = %(org_id)s and repo_id in %(repo_ids)s and not is_deleted and isNotNull(merged_at)
group by repo_id
