"""Serves a saved world in a process of its own: `python -m tests.github FILE PORT`, until it is killed.

Every order changes the world and saves it before it is answered, so that a kill loses nothing that was promised.
"""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.github.messages import Reply, Request
from tests.github.orders import obey
from tests.github.server import GitHubServer
from tests.github.world import World


@dataclass
class _Saved(GitHubServer):
    file: Path = Path()

    def respond(self, asked: Request) -> Reply:
        if asked.path == "/_orders":
            made = obey(self, asked.json())
            self.world.save(self.file)
            return Reply({"id": made}, is_free=True)
        if asked.path == "/_requests":
            return Reply([list(seen) for seen in self.requests], is_free=True)
        return super().respond(asked)


def main(file: Path, port: int) -> None:
    """Serve from now on."""
    with _Saved(World.load(file), port=port, file=file):
        threading.Event().wait()


main(Path(sys.argv[1]), int(sys.argv[2]))
