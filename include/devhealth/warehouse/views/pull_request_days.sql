-- What happened to pull requests: a row for each that was opened, merged, or closed without a merge; `since` inclusive,
-- `before` exclusive. Times that belong to a merge are NULL in the other rows;
-- so is the cycle time of a merge that comes before the opening.
create or replace view pull_request_days as
with
people as (
    select
        repo_id,
        login,
        identity_id,
        is_bot
    from account_identities final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
),

pull_requests_once as (
    select
        repo_id,
        number,
        author,
        created_at,
        merged_at,
        toUInt64(additions) + deletions as loc,
        fetched_at,
        [('opened', toNullable(created_at)), ('merged', merged_at), ('closed', if(isNull(merged_at), closed_at, null))]
            as happenings
    from pull_requests final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and not is_deleted
),

happenings_in_range as (
    select
        * except (happenings),
        happening.1 as happened,
        assumeNotNull(happening.2) as happened_at
    from pull_requests_once
    array join happenings as happening
    where
        happening.2 >= toDateTime({since:String}, 'UTC')
        and happening.2 < toDateTime({before:String}, 'UTC')
)

select
    happenings_in_range.repo_id as repo_id,
    happenings_in_range.number as number,
    happenings_in_range.happened as happened,
    happenings_in_range.happened_at as happened_at,
    toDate(happenings_in_range.happened_at, 'UTC') as day,
    people.identity_id as author_id,
    people.is_bot as author_is_bot,
    happenings_in_range.created_at as created_at,
    happenings_in_range.fetched_at as fetched_at,
    if(happened = 'merged', happenings_in_range.loc, null) as merged_loc,
    if(
        happened = 'merged' and happened_at >= created_at, dateDiff('second', created_at, happened_at), null
    ) as cycle_seconds
from happenings_in_range
left join people on happenings_in_range.repo_id = people.repo_id and happenings_in_range.author = people.login
