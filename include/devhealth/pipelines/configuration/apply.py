"""Bringing a document into the semantic database: compared, shown, then written in one transaction or not at all."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import Struct
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import DevhealthError, StoreError
from devhealth.models.credential import STORED
from devhealth.pipelines.configuration import warnings
from devhealth.pipelines.configuration.compare import Change, compare
from devhealth.pipelines.configuration.document import Document, sections_of
from devhealth.pipelines.configuration.problems import Problem, raise_any, sentences, without_consequences
from devhealth.pipelines.configuration.state import State, stored
from devhealth.pipelines.configuration.wanted import Surroundings, wanted
from devhealth.pipelines.configuration.write import write
from devhealth.pipelines.configuration.yaml_tree import Tree
from devhealth.relational import reading, turn, writing
from devhealth.semantic import configurations, credentials, database, organizations, secret_box, tiers
from devhealth.settings import Settings


class Plan(Struct, frozen=True):
    """What applying a document would change."""

    changes: list[Change]
    warnings: list[str]
    """Sentences, each with its line."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one organisation shall be, and what leads there."""

    wanted: State
    changes: list[Change]


def apply(
    settings: Settings,
    document: Document,
    tree: Tree,
    *,
    noted: Sequence[Problem] = (),
    is_dry: bool = False,
    on_plan: Callable[[Plan], None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Plan:
    """Make the organisations of a document what it says; those it does not name are not touched.

    `noted` is what was wrong with the document when it was read: it is told together with what is wrong with the rest,
    and nothing is stored. `on_plan` is told what changes before anything is written. All of it is stored, or nothing,
    wherever this process ends; two that apply at once do so one after the other. Raises InputError with a line for each
    trouble, and SecretError for secrets that cannot be read or kept.
    """
    try:
        engine = _ready(settings, is_dry=is_dry or bool(noted))
    except DevhealthError:
        raise_any(tree, noted)  # they can be told without a database
        raise
    known_tiers = tuple(tiers.limits(engine))

    def read(connection: Connection) -> dict[str, Step]:
        around = os.environ if environ is None else environ
        return _steps(connection, settings, document, tree, around, known_tiers, noted)

    try:
        with turn(engine, configurations.TURN):
            with reading(engine) as connection:
                steps = read(connection)
                problems = warnings.of_teams(connection, document)
            problems += warnings.of_discovery(settings, document, tree.folder)
            plan = Plan([one for step in steps.values() for one in step.changes], sentences(tree, problems))
            if on_plan:
                on_plan(plan)
            if plan.changes and not is_dry:
                with writing(engine) as connection:
                    for org_id in filter(None, [organizations.find(connection, slug) for slug in sorted(steps)]):
                        organizations.lock(connection, org_id)
                    if read(connection) != steps:
                        raise StoreError(
                            "somebody else changed these organisations just now. Apply the document again."
                        )
                    for slug in sorted(slug for slug, step in steps.items() if step.changes):
                        write(connection, slug, steps[slug].wanted, steps[slug].changes, settings.secret_key)
        return plan
    finally:
        engine.dispose()


def _ready(settings: Settings, *, is_dry: bool) -> Engine:
    """The semantic database at its newest version; a look at one that exists only checks that."""
    if not is_dry or database.current(settings) is None:
        database.upgrade(settings)
    engine = database.open_semantic(settings)
    database.check(engine)
    return engine


def _steps(
    connection: Connection,
    settings: Settings,
    document: Document,
    tree: Tree,
    environ: Mapping[str, str],
    known_tiers: tuple[str, ...],
    noted: Sequence[Problem],
) -> dict[str, Step]:
    problems: list[Problem] = []
    states = {}
    for slug, organisation in document.organisations.items():
        org_id = organizations.find(connection, slug) or ""
        before = stored(connection, org_id, settings.secret_key, sections_of(organisation))
        around = _around(connection, org_id, before, tree, environ, known_tiers)
        states[slug] = before, _with_pauses(wanted(slug, organisation, around, problems), before)
    raise_any(tree, [*noted, *without_consequences(problems, noted)])
    steps = {slug: Step(after, compare(slug, before, after)) for slug, (before, after) in states.items()}
    for slug, step in steps.items():
        _check_key(settings, slug, step.changes)
    return steps


def _check_key(settings: Settings, slug: str, changes: list[Change]) -> None:
    """Raise SecretError when a secret could not be kept, before the first one is."""
    for one in changes:
        if one.section == "credentials" and one.action != "remove":
            secret_box.encrypt(settings.secret_key, "", whose=f"credential {one.name!r} of organisation {slug!r}")


def _around(
    connection: Connection,
    org_id: str,
    before: State,
    tree: Tree,
    environ: Mapping[str, str],
    known_tiers: tuple[str, ...],
) -> Surroundings:
    used = {
        name: one.name
        for one in configurations.of_organisation(connection, org_id)
        for kind, _, name in [one.credential.partition(":")]
        if kind == STORED
    }
    return Surroundings(
        environ=environ,
        folder=tree.folder,
        tiers=known_tiers,
        credentials=frozenset(one.name for one in credentials.of_organisation(connection, org_id)),
        used=used,
        identities=before.identities or {},
        teams=before.teams or {},
    )


def _with_pauses(after: State, before: State) -> State:
    """The configurations of which a document does not say whether they are paused stay as they are."""
    if after.configurations is None:
        return after
    stood = before.configurations or {}
    return replace(
        after,
        configurations={
            name: replace(one, paused=name in stood and stood[name].paused) if one.paused is None else one
            for name, one in after.configurations.items()
        },
    )
