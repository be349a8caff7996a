"""What an operator should know about a document that can be applied all the same."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import Connection

from devhealth.pipelines import providers
from devhealth.pipelines.configuration.document import Document, Organisation
from devhealth.pipelines.configuration.problems import Problem
from devhealth.semantic import organizations, repositories, repository_globs
from devhealth.settings import Settings


def of_discovery(settings: Settings, document: Document, folder: Path) -> list[Problem]:
    """Rules that find nothing on this machine now; they are looked at anew at each plan."""
    problems = []
    for slug, organisation in document.organisations.items():
        for name, one in (organisation.configurations or {}).items():
            for place, rule in enumerate(one.discover):
                spelling = providers.discovery(one.provider)
                if spelling.IS_LOCAL and not spelling.discover(spelling.rule_of(rule, folder), one.options, settings):
                    path = ("organisations", slug, "configurations", name, "discover", place)
                    problems.append(Problem(path, f"the glob {rule!r} finds no repository on this machine now"))
    return problems


def of_teams(connection: Connection, document: Document) -> list[Problem]:
    """Patterns that match no repository of their organisation, as far as it has any."""
    problems = []
    for slug, organisation in document.organisations.items():
        org_id = organizations.find(connection, slug)
        problems += list(_unmatched(connection, org_id, slug, organisation)) if org_id else []
    return problems


def _unmatched(connection: Connection, org_id: str, slug: str, organisation: Organisation) -> Iterator[Problem]:
    called = repositories.names(connection, org_id)
    spellings = [repository_globs.spellings(names) for names in called.values()]
    for team_id, team in (organisation.teams or {}).items() if spellings else ():
        for place, item in enumerate(team.repositories):
            pattern = item if isinstance(item, str) else item.glob
            is_match = repository_globs.matcher(pattern)
            if not any(map(is_match, spellings)):
                path = ("organisations", slug, "teams", team_id, "repositories", place)
                yield Problem(path, f"the glob {pattern!r} matches no repository that is known so far")
