-- The commits that count: reachable from the default branch, or from any branch or tag where a repository is configured
-- so; `since` inclusive, `before` exclusive.
create or replace view commit_facts as
with
repositories_of_any_branch as (
    select repo_id
    from repositories final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and counts_any_branch
),

counted_commits as (
    select
        repo_id,
        committed_at,
        sha
    from commit_reachability final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and committed_at >= toDateTime({since:String}, 'UTC')
        and committed_at < toDateTime({before:String}, 'UTC')
        and (in_default_branch or (is_reachable and repo_id in (select repo_id from repositories_of_any_branch)))
)

select *
from
    commit_people(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = {since:String},
        before = {before:String}
    )
inner join counted_commits using (repo_id, committed_at, sha)
