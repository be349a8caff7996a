"""How a credential stands, shared by all processes of a machine that use it.

A small file below the home of devhealth, named by a digest of the credential. Where it cannot be written, each process
keeps its own account.
"""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from devhealth.settings import private_file, private_folder
from devhealth.transport.limits import Standing

_PATIENCE_SECONDS = 5.0
_LAG_SECONDS = 1.0


class Ledger:
    """The account of one credential."""

    def __init__(self, folder: Path, credential: str) -> None:
        name = hashlib.sha256(f"devhealth limits\0{credential}".encode()).hexdigest()[:24]
        self.folder = folder
        self._path = folder / f"{name}.json"
        self._own, self._version, self._written_at = Standing(), 0, 0.0
        self._guard = threading.RLock()
        with contextlib.suppress(OSError):
            private_folder(folder)

    def read(self) -> Standing:
        """How things stand now."""
        with self._guard, contextlib.suppress(OSError, msgspec.DecodeError):
            version = self._path.stat().st_mtime_ns
            if version != self._version:
                self._own = _DECODER.decode(self._path.read_bytes())
                self._version = version
        return self._own

    def change(self, change: Callable[[Standing], None], *, is_urgent: bool = True) -> Standing:
        """How things stand after a change that nobody else's comes between.

        One that is not urgent may reach other processes a second later, or never.
        """
        with self._guard:
            if not is_urgent and time.monotonic() - self._written_at < _LAG_SECONDS:
                change(self._own)
                return self._own
            with self._locked():
                standing = self.read()
                change(standing)
                self._write(standing)
            return standing

    def _write(self, standing: Standing) -> None:
        with contextlib.suppress(OSError):
            partial = self._path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            private_file(partial)
            partial.write_bytes(msgspec.json.encode(standing))
            self._version = partial.stat().st_mtime_ns
            partial.replace(self._path)
            self._written_at = time.monotonic()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self._path.with_suffix(".lock"), timeout=_PATIENCE_SECONDS, mode=0o600)
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, Timeout):
                stack.enter_context(lock)
            yield


_DECODER = msgspec.json.Decoder(Standing)
