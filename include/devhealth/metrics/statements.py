"""The statement the engine runs around each query; every name put into it comes from our own declarations.

One statement a table and pass computes the rows of a scope, compares them with the newest stored ones and appends what
differs: new and changed rows, and a withdrawal for each key that was reported before and is not any more. Rows that
read as before are not written again.
"""

from devhealth.metrics.definitions import Definition
from devhealth.models.table import Table

_CHANGES = """
insert into {{table:Identifier}} (org_id, {columns}, definition_version, computed_at, is_withdrawn)
with
scope as (
    select one.1 as repo_id_in_scope, one.2 as first_day, one.3 as last_day
    from (
        select arrayJoin(arrayZip(
            {{scope_repo_ids:Array(String)}}, {{scope_first_days:Array(Date)}}, {{scope_last_days:Array(Date)}}
        )) as one
    )
),

newest_times as (
    select {key}, max(computed_at) as newest_at
    from {{table:Identifier}}
    where
        org_id = {{org_id:String}}
        and {known}
    group by {key}
)

select
    {{org_id:String}},
    {values},
    {{definition_version:UInt32}},
    {{computed_at:DateTime64(6, 'UTC')}},
    not computed.is_computed
from (select {columns}, true as is_computed from ({query})) as computed
full outer join (
    select {columns}, definition_version, true as is_reported
    from {{table:Identifier}} as stored
    {join_scope}
    where
        org_id = {{org_id:String}}
        and {known}
        and {day} between scope.first_day and scope.last_day
        and not is_withdrawn
        and ({key}, computed_at) in (select {key}, newest_at from newest_times)
) as reported on {same_key}
where not (computed.is_computed and reported.is_reported) or {differs}
"""

_KNOWN = """{day} between {first_day:Date} and {last_day:Date}"""
_KNOWN_OF_REPOSITORIES = """
        and repo_id in {scope_repo_ids:Array(String)}"""


def changes(definition: Definition) -> str:
    """Appends the rows of a scope that are not as stored; columns that await their records are left to be NULL."""
    key = definition.table.key[1:]
    is_of_repositories = "repo_id" in key
    columns = definition.computed_columns
    known = _KNOWN.replace("{day}", definition.day) + (_KNOWN_OF_REPOSITORIES if is_of_repositories else "")
    join_scope = (
        "inner join scope on stored.repo_id = scope.repo_id_in_scope" if is_of_repositories else "cross join scope"
    )
    return _CHANGES.format(
        columns=", ".join(columns),
        key=", ".join(key),
        day=definition.day,
        known=known,
        join_scope=join_scope,
        values=",\n    ".join(_value(name, key) for name in columns),
        same_key=" and ".join(f"computed.{name} = reported.{name}" for name in key),
        differs=" or ".join(_differences(definition.table, columns)),
        query=definition.query,
    )


def _value(name: str, key: tuple[str, ...]) -> str:
    """A column of what is written; a withdrawal has its key and nothing else."""
    return f"if(computed.is_computed, computed.{name}, reported.{name})" if name in key else f"computed.{name}"


def _differences(table: Table, columns: tuple[str, ...]) -> list[str]:
    nullable = {column.name: column.nullable for column in table.columns}
    differences = ["reported.definition_version != {definition_version:UInt32}"]
    for name in columns:
        ours, theirs = f"computed.{name}", f"reported.{name}"
        if name in table.key:
            continue
        if nullable[name]:  # two NULLs are alike
            differences.append(f"ifNull({ours} != {theirs}, isNull({ours}) != isNull({theirs}))")
        else:
            differences.append(f"{ours} != {theirs}")
    return differences
