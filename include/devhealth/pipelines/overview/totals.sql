with
reachable_commits as (
    select
        repo_id,
        committed_at,
        sha,
        in_default_branch
    from commit_reachability final
    where org_id = %(org_id)s and repo_id in %(repo_ids)s and is_reachable
)

select
    authored.repo_id as repo_id,
    count() as commits,
    countIf(reachable_commits.in_default_branch) as default_branch_commits,
    countIf(authored.is_merge) as merges,
    uniqExactIf(authored.identity_id, not authored.is_bot) as people,
    uniqExactIf(authored.identity_id, authored.is_bot) as bots,
    sum(authored.added) as additions,
    sum(authored.deleted) as deletions,
    min(authored.committed_at) as first_commit_at,
    max(authored.committed_at) as last_commit_at
from
    commit_people(
        org_id = %(org_id)s,
        repo_ids = %(repo_ids)s,
        since = '1970-01-01 00:00:00',
        before = '2106-02-07 06:28:15'
    ) as authored
inner join reachable_commits using (repo_id, committed_at, sha)
group by authored.repo_id
