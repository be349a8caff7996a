-- How others answered to each pull request that was merged from `since` (inclusive) to `before` (exclusive); answers
-- before `until` are counted: those of people other than the author, and beside them (`_all`) those of anybody, bots
-- and the author included. One without any has no row. An answer that makes a pull request reviewed or picked up is by
-- a person other than the author, between opening and merge.
create or replace view pull_request_responses as
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

merged as (
    select
        repo_id,
        number,
        author_id,
        created_at,
        happened_at as merged_at,
        fetched_at
    from
        pull_request_days(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    where happened = 'merged'
),

responses as (
    select
        repo_id,
        number,
        author,
        assumeNotNull(submitted_at) as responded_at,
        true as is_review,
        state = 'changes_requested' as is_changes_requested,
        fetched_at
    from pull_request_reviews final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and not is_deleted
        and submitted_at < toDateTime({until:String}, 'UTC')
    union all
    select
        repo_id,
        number,
        author,
        created_at as responded_at,
        false as is_review,
        false as is_changes_requested,
        fetched_at
    from pull_request_comments final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and not is_deleted
        and created_at < toDateTime({until:String}, 'UTC')
),

responses_of_people as (
    select
        merged.repo_id as repo_id,
        merged.number as number,
        merged.merged_at as merged_at,
        responses.responded_at as responded_at,
        responses.is_review as is_review,
        responses.is_changes_requested as is_changes_requested,
        -- A deleted account is the person ''.
        not people.is_bot and people.identity_id != merged.author_id as is_of_another_person,
        is_of_another_person
        and responses.responded_at between merged.created_at and merged.merged_at as is_by_another_person,
        dateDiff('second', merged.created_at, responses.responded_at) as seconds_after_opening
    from responses
    inner join merged on responses.repo_id = merged.repo_id and responses.number = merged.number
    left join people on responses.repo_id = people.repo_id and responses.author = people.login
    -- Older rows are of a fetch that another one overtook.
    where responses.fetched_at >= merged.fetched_at
)

select
    repo_id,
    number,
    countIf(is_review and is_of_another_person) as reviews_count,
    countIf(is_review) as reviews_count_all,
    countIf(not is_review and is_of_another_person) as comments_count,
    countIf(not is_review) as comments_count_all,
    countIf(is_changes_requested and is_of_another_person) as changes_requested_count,
    countIf(is_changes_requested) as changes_requested_count_all,
    minOrNullIf(seconds_after_opening, is_by_another_person and is_review) as first_review_seconds,
    minOrNullIf(seconds_after_opening, is_by_another_person) as pickup_seconds,
    dateDiff('second', minOrNullIf(responded_at, is_by_another_person and is_review), any(merged_at)) as review_seconds
from responses_of_people
group by
    repo_id,
    number
