-- The commits that count, once each, with the person who wrote them; `since` inclusive, `before` exclusive.
-- This is where metrics get the tenant filter, the de-duplication, the branch rule and the identities of commits.
create or replace view commit_facts as
with
repositories_as_last_seen as (
    select
        repo_id,
        counts_any_branch
    from repositories final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
),

reachable_commits as (
    select
        repo_id,
        committed_at,
        sha,
        in_default_branch
    from commit_reachability final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and committed_at >= toDateTime({since:String}, 'UTC')
        and committed_at < toDateTime({before:String}, 'UTC')
        and (is_reachable or in_default_branch)
),

people as (
    select
        repo_id,
        name as author_name,
        email as author_email,
        identity_email,
        is_bot
    from commit_identities final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
),

commits_once as (
    select
        *,
        toInt64(toUnixTimestamp(authored_at)) + author_offset_seconds as author_clock_seconds
    from commits final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and committed_at >= toDateTime({since:String}, 'UTC')
        and committed_at < toDateTime({before:String}, 'UTC')
)

select
    commits_once.repo_id as repo_id,
    commits_once.sha as sha,
    commits_once.committed_at as committed_at,
    toDate(commits_once.committed_at, 'UTC') as day,
    multiIf(
        people.identity_email != '', people.identity_email,
        trim(commits_once.author_email) != '', lowerUTF8(trim(commits_once.author_email)),
        lowerUTF8(trim(commits_once.author_name))
    ) as identity_id,
    people.is_bot as is_bot,
    'unassigned' as team_id,
    if(commits_once.is_merge, 0, commits_once.additions) as additions,
    if(commits_once.is_merge, 0, commits_once.deletions) as deletions,
    toUInt64(additions) + deletions as loc,
    if(commits_once.is_merge, 0, commits_once.files_changed) as files_changed,
    commits_once.size_bucket = 'large' as is_large,
    commits_once.is_merge as is_merge,
    commits_once.is_revert as is_revert,
    intDiv(positiveModulo(commits_once.author_clock_seconds, 86400), 3600) as author_hour,
    positiveModulo(toInt64(floor(commits_once.author_clock_seconds / 86400)) + 3, 7) + 1 as author_weekday
from commits_once
inner join reachable_commits
    on
        commits_once.repo_id = reachable_commits.repo_id
        and commits_once.committed_at = reachable_commits.committed_at
        and commits_once.sha = reachable_commits.sha
left join repositories_as_last_seen on commits_once.repo_id = repositories_as_last_seen.repo_id
left join people
    on
        commits_once.repo_id = people.repo_id
        and commits_once.author_name = people.author_name
        and commits_once.author_email = people.author_email
where reachable_commits.in_default_branch or repositories_as_last_seen.counts_any_branch
