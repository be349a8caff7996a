"""How a credential stands, shared by all processes of a machine that use it.

A small file below the home of devhealth, named by a digest of the credential. Where it cannot be written, each process
keeps its own account.
"""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from devhealth.transport.limits import Standing

_PATIENCE_SECONDS = 5.0


class Ledger:
    """The account of one credential."""

    def __init__(self, folder: Path, credential: str) -> None:
        name = hashlib.sha256(f"devhealth limits\0{credential}".encode()).hexdigest()[:24]
        self.folder = folder
        self._path = folder / f"{name}.json"
        self._own = Standing()
        self._guard = threading.RLock()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> Standing:
        """How things stand now."""
        try:
            return _DECODER.decode(self._path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return self._own

    def change(self, change: Callable[[Standing], None]) -> Standing:
        """How things stand after a change that nobody else's comes between."""
        with self._guard, self._locked():
            standing = self.read()
            change(standing)
            self._own = standing
            with contextlib.suppress(OSError):
                partial = self._path.with_suffix(f".{threading.get_ident()}")
                partial.write_bytes(msgspec.json.encode(standing))
                partial.replace(self._path)
            return standing

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self._path.with_suffix(".lock"), timeout=_PATIENCE_SECONDS)
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, Timeout):
                stack.enter_context(lock)
            yield


_DECODER = msgspec.json.Decoder(Standing)
