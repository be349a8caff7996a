-- How the lines changed in the trailing 30 days of each day are spread over the people who changed them, and beside
-- that (`_all`) over all authors, bots included; a row a day with such lines.
create or replace view ownership_windows as
with
author_days as (
    select
        repo_id,
        identity_id,
        day,
        sum(loc) as author_loc,
        sumIf(loc, not is_bot) as person_loc
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
        new_loc,
        new_person_loc
    from author_days
    array join
        [day, day + 30] as change_day,
        [author_loc, 0] as new_loc,
        [person_loc, 0] as new_person_loc
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
        ) as loc_30d,
        sum(new_person_loc) over (
            partition by repo_id, identity_id
            order by change_day range between 29 preceding and current row
        ) as person_loc_30d
    from author_change_days
),

shares as (
    select
        repo_id,
        change_day + days_later as covered_day,
        arraySort(groupArrayIf(person_loc_30d, person_loc_30d > 0)) as smallest_first,
        arraySum(smallest_first) as total,
        length(smallest_first) as authors,
        arraySort(groupArray(loc_30d)) as smallest_first_all,
        arraySum(smallest_first_all) as total_all,
        length(smallest_first_all) as authors_all
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
    arraySum(
        arrayMap((loc, rank) -> loc * rank, smallest_first, arrayEnumerate(smallest_first))
    ) as sum_of_ranked,
    (2 * sum_of_ranked - (authors + 1) * total) / (authors * total) as gini,
    authors_all as authors_count_all,
    arrayFirstIndex(held -> held * 2 >= total_all, arrayCumSum(arrayReverse(smallest_first_all))) as bus_factor_all,
    arraySum(
        arrayMap((loc, rank) -> loc * rank, smallest_first_all, arrayEnumerate(smallest_first_all))
    ) as sum_of_ranked_all,
    (2 * sum_of_ranked_all - (authors_all + 1) * total_all) / (authors_all * total_all) as gini_all
from shares
