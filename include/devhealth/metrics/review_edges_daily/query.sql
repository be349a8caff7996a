with
scope as (
    select
        one.1 as repo_id,
        one.2 as first_day,
        one.3 as last_day
    from (
        select
            arrayJoin(
                arrayZip({scope_repo_ids:Array(String)}, {scope_first_days:Array(Date)}, {scope_last_days:Array(Date)})
            ) as one
    )
),

reviews_in_scope as (
    select reviews.*
    from
        review_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as reviews
    inner join scope on reviews.repo_id = scope.repo_id
    where
        reviews.day between scope.first_day and scope.last_day
        and reviews.reviewer_id != ''
        and reviews.author_id != ''
        and not reviews.author_is_bot
)

select
    repo_id,
    reviewer_id as reviewer,
    author_id as author,
    day,
    count() as reviews_count,
    reviews_count as sample_size
from reviews_in_scope
group by
    repo_id,
    reviewer_id,
    author_id,
    day
