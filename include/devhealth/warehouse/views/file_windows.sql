-- What the trailing 30 days of each day hold, summed over the files of a repository: files that people touched, and
-- beside them (`_all`) those that anybody did, bots included; lines are of all. Rows begin with the first change
-- of the range and end 29 days after the last; a window is whole when the range covers its 30 days.
create or replace view file_windows as
with
file_days as (
    select
        changes.repo_id as repo_id,
        changes.path as path,
        counted_commits.day as day,
        count() as commits_count,
        sum(toUInt64(changes.additions) + changes.deletions) as loc,
        countIf(not counted_commits.is_bot) as people_commits_count,
        -- Bots have the higher half of the numbers, so that people stand first once the authors are sorted.
        groupArray(
            intDiv(cityHash64(counted_commits.identity_id), 2)
            + if(counted_commits.is_bot, toUInt64(9223372036854775808), toUInt64(0))
        ) as authors
    from
        file_changes(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as changes
    inner join
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as counted_commits
        using (repo_id, committed_at, sha)
    group by
        changes.repo_id,
        changes.path,
        counted_commits.day
),

-- The content of a file's window changes only when the file is touched and 30 days after that.
file_change_days as (
    select
        repo_id,
        path,
        change_day,
        new_commits,
        new_people_commits,
        new_loc,
        new_authors
    from file_days
    array join
        [day, day + 30] as change_day,
        [commits_count, 0] as new_commits,
        [people_commits_count, 0] as new_people_commits,
        [loc, 0] as new_loc,
        [authors, []] as new_authors
),

window_contents as (
    select
        repo_id,
        path,
        change_day,
        sum(new_commits) over trailing_30_days as commits_30d,
        sum(new_people_commits) over trailing_30_days as people_commits_30d,
        sum(new_loc) over trailing_30_days as loc_30d,
        arraySort(groupArrayArray(new_authors) over trailing_30_days) as authors_30d
    from file_change_days
    window
        trailing_30_days as (
            partition by repo_id, path
            order by change_day range between 29 preceding and current row
        )
),

window_values as (
    select
        repo_id,
        path,
        change_day,
        toInt64(people_commits_30d > 0) as files,
        toInt64(commits_30d > 0) as files_all,
        -- Whoever wrote three quarters of the commits also wrote the middle one of the sorted list.
        toInt64(
            people_commits_30d > 0
            and countEqual(authors_30d, authors_30d[intDiv(people_commits_30d + 1, 2)]) * 4 >= people_commits_30d * 3
        ) as single_owner_files,
        if(
            people_commits_30d = commits_30d,
            single_owner_files,
            toInt64(
                commits_30d > 0
                and countEqual(authors_30d, authors_30d[intDiv(commits_30d + 1, 2)]) * 4 >= commits_30d * 3
            )
        ) as single_owner_files_all,
        toInt64(loc_30d) as churn_loc,
        toInt64(if(commits_30d >= 2, loc_30d, 0)) as rework_loc
    from window_contents
),

steps_of_files as (
    select
        repo_id,
        change_day,
        files - lagInFrame(files) over from_the_change_before as files_step,
        files_all - lagInFrame(files_all) over from_the_change_before as files_all_step,
        single_owner_files - lagInFrame(single_owner_files) over from_the_change_before as single_owner_files_step,
        single_owner_files_all
        - lagInFrame(single_owner_files_all) over from_the_change_before as single_owner_files_all_step,
        churn_loc - lagInFrame(churn_loc) over from_the_change_before as churn_loc_step,
        rework_loc - lagInFrame(rework_loc) over from_the_change_before as rework_loc_step
    from window_values
    window
        from_the_change_before as (
            partition by repo_id, path
            order by change_day rows between 1 preceding and current row
        )
),

steps_of_repositories as (
    select
        repo_id,
        change_day,
        sum(files_step) as files_step,
        sum(files_all_step) as files_all_step,
        sum(single_owner_files_step) as single_owner_files_step,
        sum(single_owner_files_all_step) as single_owner_files_all_step,
        sum(churn_loc_step) as churn_loc_step,
        sum(rework_loc_step) as rework_loc_step
    from steps_of_files
    group by
        repo_id,
        change_day
),

totals_from_change_to_change as (
    select
        repo_id,
        change_day,
        leadInFrame(change_day, 1, change_day) over (
            partition by repo_id
            order by change_day rows between current row and 1 following
        ) as next_change_day,
        sum(files_step) over up_to_the_day as files_count,
        sum(files_all_step) over up_to_the_day as files_count_all,
        sum(single_owner_files_step) over up_to_the_day as single_owner_files_count,
        sum(single_owner_files_all_step) over up_to_the_day as single_owner_files_count_all,
        sum(churn_loc_step) over up_to_the_day as churn_loc,
        sum(rework_loc_step) over up_to_the_day as rework_churn_loc
    from steps_of_repositories
    window
        up_to_the_day as (
            partition by repo_id
            order by change_day rows between unbounded preceding and current row
        )
)

select
    repo_id,
    change_day + days_later as day,
    files_count,
    files_count_all,
    single_owner_files_count,
    single_owner_files_count_all,
    churn_loc,
    rework_churn_loc
from totals_from_change_to_change
array join range(toUInt32(next_change_day - change_day)) as days_later
where files_count_all > 0
