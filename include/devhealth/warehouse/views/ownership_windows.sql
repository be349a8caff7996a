-- How the lines changed in the trailing 30 days of each day are spread over their authors; a row a day with such lines.
create or replace view ownership_windows as
with
author_days as (
    select
        repo_id,
        identity_id,
        day,
        sum(loc) as author_loc
    from
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    where loc > 0
    group by
        repo_id,
        identity_id,
        day
),

-- What an author holds changes only on days with commits and 30 days after each.
author_change_days as (
    select
        repo_id,
        identity_id,
        change_day,
        new_loc
    from author_days
    array join
        [day, day + 30] as change_day,
        [author_loc, 0] as new_loc
),

authors_from_change_to_change as (
    select
        repo_id,
        identity_id,
        change_day,
        leadInFrame(change_day, 1, change_day) over (
            partition by repo_id, identity_id
            order by change_day rows between current row and 1 following
        ) as next_change_day,
        sum(new_loc) over (
            partition by repo_id, identity_id
            order by change_day range between 29 preceding and current row
        ) as loc_30d
    from author_change_days
),

shares as (
    select
        repo_id,
        change_day + days_later as covered_day,
        arraySort(groupArray(loc_30d)) as smallest_first,
        arraySum(smallest_first) as total,
        length(smallest_first) as authors
    from authors_from_change_to_change
    array join range(toUInt32(next_change_day - change_day)) as days_later
    where loc_30d > 0
    group by
        repo_id,
        covered_day
)

select
    repo_id,
    covered_day as day,
    authors as authors_count,
    arrayFirstIndex(held -> held * 2 >= total, arrayCumSum(arrayReverse(smallest_first))) as bus_factor,
    arraySum(arrayMap((loc, rank) -> loc * rank, smallest_first, arrayEnumerate(smallest_first))) as sum_of_ranked,
    (2 * sum_of_ranked - (authors + 1) * total) / (authors * total) as gini
from shares
