-- Every stored commit, once, with its author as the history and its mailmap tell; `since` inclusive, `before`
-- exclusive. Who that is among the people of the organisation: `commit_people`.
create or replace view authored_commits as
with
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
    commits_once.committed_at as committed_at,
    commits_once.sha as sha,
    toDate(commits_once.committed_at, 'UTC') as day,
    multiIf(
        people.identity_email != '', people.identity_email,
        trim(commits_once.author_email) != '', lowerUTF8(trim(commits_once.author_email)),
        lowerUTF8(trim(commits_once.author_name))
    ) as recorded_identity,
    -- The account of a provider's noreply address; empty for any other.
    extract(recorded_identity, '^([^@]+)@users[.]noreply[.]') as recorded_login,
    people.is_bot as is_detected_bot,
    if(commits_once.is_merge, 0, commits_once.additions) as added,
    if(commits_once.is_merge, 0, commits_once.deletions) as deleted,
    toUInt64(added) + deleted as loc,
    if(commits_once.is_merge, 0, commits_once.files_changed) as changed_files,
    commits_once.size_bucket = 'large' as is_large,
    commits_once.is_merge as is_merge,
    commits_once.is_revert as is_revert,
    intDiv(positiveModulo(commits_once.author_clock_seconds, 86400), 3600) as author_hour,
    positiveModulo(toInt64(floor(commits_once.author_clock_seconds / 86400)) + 3, 7) + 1 as author_weekday
from commits_once
left join people
    on
        commits_once.repo_id = people.repo_id
        and commits_once.author_name = people.author_name
        and commits_once.author_email = people.author_email
