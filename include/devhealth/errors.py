"""Every error devhealth raises on purpose.

DevhealthError
├── SettingsError            a setting is absent or contradicts another (also a ValueError)
│   └── SecretError          a secret cannot be read: its key, or what it refers to, is absent or wrong
├── InputError               what the caller asked for makes no sense (also a ValueError)
│   ├── UnknownName          an organisation, configuration, target ... that does not exist
│   └── TierExceeded         a backfill covers more days than the organisation's tier allows
├── SourceError              a source could not be read
│   ├── SourceNotFound       it is not there, or not a repository
│   ├── SourceForbidden      it is there, and we may not read it
│   ├── SourceEmpty          it is there, and nothing has ever been put into it
│   ├── SourceCorrupt        parts of it are unreadable; what could be read is kept
│   ├── NotSurveyed          it could not be looked at when its run was planned
│   ├── RateLimited          its provider asks to wait for longer than a task should hold a worker
│   ├── NotServed            its provider has no such interface; another one may have the answer
│   └── TooMuchAsked         its provider could not answer a question of that size; a smaller one may do
├── RecordError              a provider's answer lacks what a record needs
├── StagingError             pages or records could not be handed over
├── StoreError               ClickHouse, PostgreSQL or SQLite refused or is out of reach
│   └── SchemaOutdated       its tables are not at the version this code needs
├── WarehouseError           the embedded ClickHouse cannot start or be reached
├── SyncFailed               a run ended with failed units; the others are stored
├── BackfillFailed           a backfill ended with failed chunks; the others are stored
├── BackfillInterrupted      a backfill was stopped half-way; it can be resumed
├── BackfillCancelled        the job of a chunk was cancelled, so the chunk is not worked on
└── RunnerUnknown            Airflow cannot be asked how a run is going

Foreign exceptions are translated where they enter. A message says what, for whom, expected and got, and what to do.
"""

from datetime import datetime


class DevhealthError(Exception):
    """Base of all errors a user may read."""


class SettingsError(DevhealthError, ValueError):
    """A setting is absent or contradicts another one."""


class SecretError(SettingsError):
    """A secret cannot be read: its key, or what it refers to, is absent or wrong."""


class InputError(DevhealthError, ValueError):
    """What the caller asked for cannot be done as asked."""


class UnknownName(InputError):
    """A name that stands for nothing in the semantic database."""


class TierExceeded(InputError):
    """A backfill covers more days than the tier of the organisation allows."""


class SourceError(DevhealthError):
    """A source could not be read."""

    may_pass = True
    """Whether another attempt may go well: there was no answer, or none that says what is wrong for good."""


class SourceNotFound(SourceError):
    """The source is not there, or is not a repository."""

    may_pass = False


class SourceForbidden(SourceError):
    """The source is there but may not be read."""

    may_pass = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        """`remedy` is a general one, which whoever knows the permission that is missing puts another in place of."""
        super().__init__(f"{message} {remedy}" if remedy else message)
        self.message, self.remedy = message, remedy


class SourceEmpty(SourceError):
    """The source is there, and nothing has ever been put into it."""

    may_pass = False


class SourceCorrupt(SourceError):
    """Parts of the source are unreadable; the readable parts were handed on."""

    may_pass = False


class NotSurveyed(SourceError):
    """The source could not be looked at when its run was planned; the next run looks again."""


class RateLimited(SourceError):
    """The provider asks to wait; what was fetched so far is staged, and the next attempt goes on there."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until
        """When to go on, UTC."""


class NotServed(SourceError):
    """The provider has no such interface; another one may have the answer."""

    may_pass = False


class TooMuchAsked(SourceError):
    """The provider could not answer a question of that size, or not in time; a smaller one may do."""


class RecordError(DevhealthError):
    """A provider's answer lacks what a record needs."""


class StagingError(DevhealthError):
    """Pages or records could not be handed from one stage to the next."""


class StoreError(DevhealthError):
    """A store refused a statement or is out of reach."""


class SchemaOutdated(StoreError):
    """The tables of a store are not at the version this code needs."""


class WarehouseError(DevhealthError):
    """The embedded ClickHouse cannot start or be reached."""


class SyncFailed(DevhealthError):
    """A run ended with failed units; what the others fetched is stored."""


class BackfillFailed(DevhealthError):
    """A backfill ended with failed chunks; what the others fetched is stored."""


class BackfillInterrupted(DevhealthError):
    """A backfill was stopped half-way; what is not done can be resumed."""


class BackfillCancelled(DevhealthError):
    """The job of a chunk was cancelled: the chunk is not worked on."""


class RunnerUnknown(DevhealthError):
    """Airflow cannot be asked how a run is going."""
