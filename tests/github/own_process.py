"""The local server in a process of its own, which can be killed and started again with the world as it was."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.github.wire import Seen
from tests.github.world import World

_ROOT = Path(__file__).parents[2]


@dataclass
class OwnProcess:
    """Serves `world` from entering to leaving, saved in `folder` meanwhile; changes are ordered, see `orders`."""

    world: World
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    api_url = url

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    def start(self) -> None:
        """Returns once it answers."""
        command = [sys.executable, "-m", "tests.github", str(self._file), str(self.port)]
        self.process = subprocess.Popen(command, cwd=_ROOT)
        for _ in range(600):
            try:
                self.requests()
            except OSError:
                assert self.process.poll() is None, "the local server ended"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the local server does not answer")

    def kill(self) -> None:
        """As a crash does: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def order(self, call: str, **more: Any) -> str | None:
        """`order("pulls.merge", on=["acme/shop", 3], arguments={"by": "grace"})`: the node id of what was made."""
        body = json.dumps({"call": call, **more}).encode()
        with urllib.request.urlopen(f"{self.url}/_orders", body, timeout=30) as answer:
            made: str | None = json.load(answer)["id"]
            return made

    def requests(self) -> list[Seen]:
        """What was asked since it was started, but for orders and this."""
        with urllib.request.urlopen(f"{self.url}/_requests", timeout=30) as answer:
            seen = [Seen(*row) for row in json.load(answer)]
        return [one for one in seen if not one.path.startswith("/_")]

    def saved(self) -> World:
        """The world as it is now."""
        return World.load(self._file)

    @property
    def _file(self) -> Path:
        return self.folder / "world"

    def __enter__(self) -> Self:
        self.world.save(self._file)
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
