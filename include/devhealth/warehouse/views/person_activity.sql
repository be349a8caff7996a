-- What people did that counts, bots left out: a row a commit, a pull request opened or merged, a review given or
-- received; with the team it counts for on its day: the team of the repository, else of the person. Pull requests of
-- deleted accounts are of nobody, the identity ''. `since` inclusive, `before` exclusive.
create or replace view person_activity as
with
owners as (
    select
        subject,
        valid_from,
        coalesce(valid_to, toDate('2149-06-06')) as valid_to,
        team_id
    from team_assignments final
    where org_id = {org_id:String} and kind = 'repository' and not is_removed
),

members as (
    select
        subject,
        valid_from,
        coalesce(valid_to, toDate('2149-06-06')) as valid_to,
        team_id
    from team_assignments final
    where org_id = {org_id:String} and kind = 'person' and not is_removed
),

commits_of_people as (
    select
        repo_id,
        day,
        identity_id,
        'commit' as kind,
        toNullable(committed_at) as acted_at,
        author_weekday,
        author_hour,
        added,
        deleted,
        loc,
        changed_files,
        is_large,
        cast(null, 'Nullable(Int64)') as cycle_seconds,
        false as is_changes_requested
    from
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    where not is_bot
),

pull_requests_of_people as (
    select
        repo_id,
        day,
        author_id as identity_id,
        happened as kind,
        if(happened = 'opened', happened_at, null) as acted_at,
        0 as author_weekday,
        0 as author_hour,
        0 as added,
        0 as deleted,
        0 as loc,
        0 as changed_files,
        false as is_large,
        cycle_seconds,
        false as is_changes_requested
    from
        pull_request_days(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    where happened in ('opened', 'merged') and not author_is_bot
),

reviews_of_people as (
    select
        repo_id,
        day,
        side.2 as identity_id,
        side.1 as kind,
        if(kind = 'review given', reviewed_at, null) as acted_at,
        0 as author_weekday,
        0 as author_hour,
        0 as added,
        0 as deleted,
        0 as loc,
        0 as changed_files,
        false as is_large,
        cast(null, 'Nullable(Int64)') as cycle_seconds,
        is_changes_requested
    from
        review_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    array join [('review given', reviewer_id), ('review received', if(author_is_bot, '', author_id))] as side
    where side.2 != ''
),

activity as (
    select * from commits_of_people
    union all
    select * from pull_requests_of_people
    union all
    select * from reviews_of_people
)

-- Days of one repository or person never overlap: the last stretch that began by then is the only one that can hold.
select
    activity.*,
    multiIf(
        activity.day < owners.valid_to, owners.team_id,
        activity.day < members.valid_to, members.team_id,
        'unassigned'
    ) as team_id,
    activity.repo_id in (
        select repo_id
        from pull_requests_known(org_id = {org_id:String}, repo_ids = {repo_ids:Array(String)})
    ) as knows_pull_requests
from activity
asof left join owners on activity.repo_id = owners.subject and activity.day >= owners.valid_from
asof left join members on activity.identity_id = members.subject and activity.day >= members.valid_from
