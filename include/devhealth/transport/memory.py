"""Answers of a provider with the version it gives them, so that one is sent again only when it has changed.

Small files below the home of devhealth, kept for two weeks after their last use. They save requests and nothing else:
what is missing, unreadable or of another machine is asked for anew.
"""

import contextlib
import hashlib
import os
import threading
import time
from pathlib import Path

import msgspec

from devhealth.settings import private_folder

_KEPT_SECONDS = 14 * 86_400
_LARGEST_BYTES = 1 << 20
_DAY_SECONDS = 86_400


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it was."""

    etag: str
    modified: str
    """`Last-Modified` as it was sent."""
    next: str
    body: bytes


class Memory:
    """The answers that one credential was given: another one may not see the same."""

    def __init__(self, folder: Path, credential: str) -> None:
        self._folder, self._credential = folder, credential
        with contextlib.suppress(OSError):
            private_folder(folder)
            self._forget()

    def recall(self, question: str) -> Remembered | None:
        """The last answer to a question; None when there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return _DECODER.decode(self._path(question).read_bytes())
        return None

    def keep(self, question: str, answer: Remembered) -> None:
        """Remember an answer, unless it is large or has no version."""
        if len(answer.body) > _LARGEST_BYTES or not (answer.etag or answer.modified):
            return
        path = self._path(question)
        with contextlib.suppress(OSError):
            partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            partial.touch(mode=0o600)
            partial.write_bytes(msgspec.msgpack.encode(answer))
            partial.replace(path)

    def _forget(self) -> None:
        """Remove what has not been used for long. Looks once a day only: answers and clients may be many."""
        looked, now = self._folder / "looked-through", time.time()
        if looked.exists() and looked.stat().st_mtime > now - _DAY_SECONDS:
            return
        looked.touch(mode=0o600)
        for path in self._folder.iterdir():
            if path.stat().st_mtime < now - _KEPT_SECONDS:
                path.unlink(missing_ok=True)

    def _path(self, question: str) -> Path:
        text = f"devhealth answers\0{self._credential}\0{question}"
        return self._folder / hashlib.sha256(text.encode()).hexdigest()[:32]


_DECODER = msgspec.msgpack.Decoder(Remembered)
