"""A client on a scripted server, with a clock that only moves when somebody waits."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from devhealth.connectors.github.client import Client
from devhealth.connectors.github.connection import Wire
from devhealth.connectors.github.host import ApiHost
from devhealth.connectors.github.sending import Exchange
from devhealth.models.credential import Credential
from devhealth.settings import Settings
from devhealth.transport.waiting import Clock

TOKEN = "ghp_planted0secret0of0a0test"


@dataclass
class Ticking:
    """A clock; `slept` are the waits."""

    time: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[float], None] = lambda seconds: None

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        self.on_sleep(seconds)

    def wait(self, until: datetime, why: str) -> None:
        self.sleep(until.timestamp() - self.time)

    @property
    def clock(self) -> Clock:
        return Clock(self.now, self.sleep)


def settings_of(home: Path, **fields: str) -> Settings:
    """Settings with a credential of these fields; one token without any."""
    credential = Credential("stored:github", fields or {"token": TOKEN})
    return replace(Settings.from_environment({"DEVHEALTH_HOME": str(home)}), credential=credential)


@contextlib.contextmanager
def asking(settings: Settings, api: ApiHost, ticking: Ticking, owner: str = "", **seconds: float) -> Iterator[Client]:
    with contextlib.closing(Wire(api, **seconds)) as wire:
        yield Client(Exchange(settings, api, ticking.clock, wire), owner)
