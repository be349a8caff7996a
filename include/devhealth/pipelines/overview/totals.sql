select
    repo_id,
    count() as commits,
    countIf(in_default_branch) as default_branch_commits,
    countIf(is_merge) as merges,
    uniqExactIf(identity_email, not is_bot) as people,
    uniqExactIf(identity_email, is_bot) as bots,
    sum(additions) as additions,
    sum(deletions) as deletions,
    min(committed_at) as first_commit_at,
    max(committed_at) as last_commit_at
from reachable_commits
where org_id = %(org_id)s
group by repo_id
