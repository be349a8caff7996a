with
scope as (
    select
        one.1 as repo_id,
        toDate(one.2) as first_day,
        toDate(one.3) as last_day
    from (
        select arrayJoin(arrayZip(%(scope_repo_ids)s, %(scope_first_days)s, %(scope_last_days)s)) as one
    )
),

responses as (
    select
        repo_id,
        number,
        'merged' as happened,
        first_review_seconds
    from
        pull_request_responses(
            org_id = %(org_id)s,
            repo_ids = %(scope_repo_ids)s,
            since = %(since)s,
            before = %(before)s,
            until = %(before)s
        )
)

select
    happenings.repo_id as repo_id,
    countIf(happenings.happened = 'opened') as opened,
    countIf(happenings.happened = 'merged') as merged,
    countIf(happenings.happened = 'closed') as closed_unmerged,
    quantileExactInclusive(0.5) (happenings.cycle_seconds) / 3600 as cycle_hours_p50,
    quantileExactInclusive(0.9) (happenings.cycle_seconds) / 3600 as cycle_hours_p90,
    quantileExactInclusive(0.5) (responses.first_review_seconds) / 3600 as first_review_hours_p50,
    quantileExactInclusive(0.5) (nullIf(happenings.merged_loc, 0)) as size_loc_p50,
    (merged - count(responses.first_review_seconds)) / nullIf(merged, 0) as unreviewed_ratio
from
    pull_request_days(
        org_id = %(org_id)s,
        repo_ids = %(scope_repo_ids)s,
        since = %(since)s,
        before = %(before)s
    ) as happenings
inner join scope on happenings.repo_id = scope.repo_id
left join responses
    on
        happenings.repo_id = responses.repo_id
        and happenings.number = responses.number
        and happenings.happened = responses.happened
where happenings.day between scope.first_day and scope.last_day
group by happenings.repo_id
