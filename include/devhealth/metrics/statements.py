"""The statements the engine runs around each query; every name put into them comes from our own declarations."""

from devhealth.metrics.definitions import Definition

_ROWS = """
insert into {{table:Identifier}} (org_id, {columns}, definition_version, computed_at, is_withdrawn)
select {{org_id:String}}, {columns}, {{definition_version:UInt32}}, {{computed_at:DateTime64(6, 'UTC')}}, false
from ({query})
"""

_WITHDRAWALS = """
insert into {{table:Identifier}} ({key}, definition_version, computed_at, is_withdrawn)
with
scope as (
    select one.1 as repo_id_in_scope, one.2 as first_day, one.3 as last_day
    from (
        select arrayJoin(arrayZip(
            {{scope_repo_ids:Array(String)}}, {{scope_first_days:Array(Date)}}, {{scope_last_days:Array(Date)}}
        )) as one
    )
),

keys_without_a_row_of_this_run as (
    select {key}, {repo_id} as repo_id_of_key
    from {{table:Identifier}}
    where
        org_id = {{org_id:String}}
        and {repo_id} in {{scope_repo_ids:Array(String)}}
        and {day} between {{first_day:Date}} and {{last_day:Date}}
        and (
            -- Known before anything else is read: a first computation has nothing to withdraw.
            select count() > 0
            from {{table:Identifier}}
            where
                org_id = {{org_id:String}}
                and {repo_id} in {{scope_repo_ids:Array(String)}}
                and {day} between {{first_day:Date}} and {{last_day:Date}}
                and computed_at < {{computed_at:DateTime64(6, 'UTC')}}
        )
    group by {key}
    having
        max(computed_at) < {{computed_at:DateTime64(6, 'UTC')}}
        and not argMax(is_withdrawn, computed_at)
)

select {key}, {{definition_version:UInt32}}, {{computed_at:DateTime64(6, 'UTC')}}, true
from keys_without_a_row_of_this_run
inner join scope on repo_id_of_key = repo_id_in_scope
where {day} between first_day and last_day
"""


def rows(definition: Definition) -> str:
    """Computes and appends the rows of a scope; columns that await their records are left to be NULL."""
    return _ROWS.format(columns=", ".join(definition.computed_columns), query=definition.query)


def withdrawals(definition: Definition) -> str:
    """Appends a withdrawal for each key of the scope that was reported before and not by this run."""
    key = definition.table.key
    repo_id = "repo_id" if "repo_id" in key else "toString('')"  # scopes of whole organisations name no repository
    return _WITHDRAWALS.format(key=", ".join(key), day=definition.day, repo_id=repo_id)
