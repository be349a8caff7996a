-- Reviews by people other than the author, by the time they were submitted; `since` inclusive, `before` exclusive. Who
-- a deleted account was is not known: its identity is empty.
create or replace view review_facts as
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

reviews_in_range as (
    select
        repo_id,
        number,
        author,
        assumeNotNull(submitted_at) as reviewed_at,
        state,
        fetched_at
    from pull_request_reviews final
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and not is_deleted
        and submitted_at >= toDateTime({since:String}, 'UTC')
        and submitted_at < toDateTime({before:String}, 'UTC')
),

reviewed as (
    select
        repo_id,
        number,
        author,
        fetched_at
    from pull_requests final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and not is_deleted
)

select
    reviews_in_range.repo_id as repo_id,
    reviews_in_range.reviewed_at as reviewed_at,
    toDate(reviews_in_range.reviewed_at, 'UTC') as day,
    reviewers.identity_id as reviewer_id,
    authors.identity_id as author_id,
    authors.is_bot as author_is_bot,
    reviews_in_range.state = 'changes_requested' as is_changes_requested
from reviews_in_range
inner join reviewed
    on reviews_in_range.repo_id = reviewed.repo_id and reviews_in_range.number = reviewed.number
left join people as reviewers
    on reviews_in_range.repo_id = reviewers.repo_id and reviews_in_range.author = reviewers.login
left join people as authors on reviewed.repo_id = authors.repo_id and reviewed.author = authors.login
where
    reviews_in_range.fetched_at >= reviewed.fetched_at
    and not reviewers.is_bot
    and reviewer_id != author_id
