-- Every stored commit, once, with the person who wrote it: whom the history and its mailmap name, then whom that stands
-- for in the organisation. The one place where identities are applied. `since` inclusive, `before` exclusive.
create or replace view commit_people as
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

mappings as (
    select
        alias,
        identity_id,
        is_bot
    from identity_mappings final
    where org_id = {org_id:String} and not is_removed
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
    if(mappings.identity_id != '', mappings.identity_id, recorded_identity) as identity_id,
    coalesce(mappings.is_bot, people.is_bot) as is_bot,
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
left join mappings on recorded_identity = mappings.alias
