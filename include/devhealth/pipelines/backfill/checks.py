"""Whether a request makes sense, told before anything is stored."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine

from devhealth.errors import InputError, UnknownName
from devhealth.pipelines import providers
from devhealth.pipelines.backfill.request import ORDERS, BackfillRequest, days_between
from devhealth.pipelines.plan import SNAPSHOT_TARGETS
from devhealth.relational import reading
from devhealth.semantic import configurations, organizations, tiers
from devhealth.semantic.configurations import SyncConfiguration


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request asks for, once it is known to make sense."""

    configuration: SyncConfiguration
    targets: list[str]
    since: date
    before: date
    warnings: list[str]


def find_organisation(engine: Engine, slug: str) -> str:
    """The id of the organisation; raises InputError for none at all and UnknownName for one that does not exist."""
    if not slug:
        raise InputError("no organisation is named: a backfill belongs to one.")
    return organizations.organization_id(engine, slug)


def checked(engine: Engine, org_id: str, request: BackfillRequest, as_of: datetime) -> Checked:
    """What a new job would do. Raises InputError, UnknownName or TierExceeded."""
    configuration = find_configuration(engine, org_id, request.configuration)
    targets, warnings = _targets(configuration, request)
    if request.order not in ORDERS:
        raise InputError(f"order is {request.order!r}: expected {' or '.join(ORDERS)}.")
    since, before = days_between(request.since, request.before, as_of)
    tiers.check(engine, org_id, since, before)
    if not configuration.sources and not configuration.discovery:
        raise without_sources(configuration)
    return Checked(configuration, targets, since, before, warnings)


def without_sources(configuration: SyncConfiguration) -> InputError:
    """What to say of a configuration that reads nothing."""
    return InputError(
        f"configuration {configuration.name} has no source, so there is nothing to fill. Add one to it first."
    )


def find_configuration(engine: Engine, org_id: str, name: str, provider: str | None = None) -> SyncConfiguration:
    """The configuration of that name, not paused; without a provider PROVIDER/NAME tells those of one name apart."""
    with reading(engine) as connection:
        known = [one for one in configurations.of_organisation(connection, org_id) if provider in (None, one.provider)]
    there = f"There are: {', '.join(dict.fromkeys(one.name for one in known))}" if known else "There is none yet"
    if not name:
        raise InputError(f"no configuration is named. {there}.")
    found = [one for one in known if one.name == name] or [one for one in known if f"{one.provider}/{one.name}" == name]
    if not found:
        raise UnknownName(f"there is no configuration {name!r}. {there}.")
    if len(found) > 1:
        choices = " or ".join(f"{one.provider}/{one.name}" for one in found)
        raise InputError(f"configuration {name!r} is ambiguous: several providers have one. Say {choices}.")
    if found[0].is_paused:
        raise InputError(
            f"configuration {name} is paused. `devhealth config resume {found[0].name} --org ORG` takes it up, then "
            "ask again."
        )
    return found[0]


def _targets(configuration: SyncConfiguration, request: BackfillRequest) -> tuple[list[str], list[str]]:
    """The targets that have a past, and what there is to say of the others."""
    asked = list(dict.fromkeys(request.targets or configuration.targets))
    providers.require_targets(configuration.provider, asked)
    kept = [target for target in asked if target not in SNAPSHOT_TARGETS]
    left_out = ", ".join(target for target in asked if target in SNAPSHOT_TARGETS)
    if not kept:
        raise InputError(
            f"only {left_out or 'nothing'} is asked, and that describes the present: there is no past of it to fill. "
            f"`devhealth sync` reads it as it is now. Ask for another target of {configuration.provider}."
        )
    return kept, [f"{left_out} is left out: it describes the present, and has no past to fill."] if left_out else []
