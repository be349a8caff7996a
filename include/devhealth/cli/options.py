"""Options and values that several commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from devhealth.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

DEFAULT_ORGANISATION = "default"
PROVIDERS = ("github", "local_git")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
since_option = click.option("--since", metavar="DAY", help="First UTC day, such as 2026-01-31.")
before_option = click.option("--before", metavar="DAY", help="The UTC day after the last one.")


class _Provider(click.Choice):  # type: ignore[type-arg]  # generic from click 8.2 on
    """The name of a provider, as configurations have it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert("local_git" if value == "local" else value, param, ctx)  # its name before 0.2


def provider_option(default: str, text: str | None = None) -> Callable[[Any], Any]:
    """`--provider`, one of PROVIDERS."""
    return click.option("--provider", type=_Provider(PROVIDERS), default=default, show_default=True, help=text)


def organisation_option(text: str) -> Callable[[Any], Any]:
    """`--org`, with a help text of the command's own."""
    return click.option("--org", metavar="ORG", help=text)


def day(name: str, text: str | None) -> date | None:
    """The day an option names; raises InputError."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--{name} is {text!r}: expected a day such as 2026-01-31.") from None


def instant(name: str, text: str | None) -> datetime:
    """The instant an option names, in UTC where it states no zone; now when the option is absent. Raises InputError."""
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--{name} is {text!r}: expected a time such as 2026-01-31T12:00:00+00:00.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def opened() -> Iterator["Engine"]:
    """The semantic database, brought to this version: all that a command needs which reaches for no other store."""
    from devhealth.semantic import database
    from devhealth.settings import Settings

    engine = database.open_upgraded(Settings.from_environment())
    try:
        yield engine
    finally:
        engine.dispose()


def echo_json(value: Any) -> None:
    """Print any struct or builtin value as one JSON document."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
