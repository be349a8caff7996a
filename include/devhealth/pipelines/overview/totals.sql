with
reachable_commits as (
    select
        repo_id,
        committed_at,
        sha,
        in_default_branch
    from commit_reachability final
    where org_id = %(org_id)s and is_reachable
),

stored_commits as (
    select
        repo_id,
        committed_at,
        sha,
        author_name,
        author_email,
        additions,
        deletions,
        is_merge
    from commits final
    where org_id = %(org_id)s
),

people as (
    select
        repo_id,
        name as author_name,
        email as author_email,
        identity_email,
        is_bot
    from commit_identities final
    where org_id = %(org_id)s
)

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
from stored_commits
inner join reachable_commits using (repo_id, committed_at, sha)
left join people using (repo_id, author_name, author_email)
group by repo_id
