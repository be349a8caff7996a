"""Reading and writing one unit's staged files."""

import contextlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from upath import UPath

from devhealth.errors import StagingError
from devhealth.models.table import Record, Snapshot
from devhealth.settings import private_file, private_folder
from devhealth.staging import frames


@dataclass(frozen=True, slots=True)
class Page:
    """One staged page: its name tells the processor what is in it."""

    name: str
    path: UPath

    def open(self) -> BinaryIO:
        """The page's bytes."""
        return self.path.open("rb")

    def read(self) -> bytes:
        """The whole page; for pages known to be small."""
        return self.path.read_bytes()

    def size(self) -> int:
        """Bytes of the page."""
        return int(self.path.stat().st_size)


class UnitStaging:
    """The folder of one unit."""

    def __init__(self, uri: str) -> None:
        self.root = UPath(uri)
        self._is_local = not self.root.protocol or self.root.protocol in {"file", "local"}

    @contextlib.contextmanager
    def page_file(self, name: str) -> Iterator[Path]:
        """A local path to write a page to; it becomes the page `name` when the block ends without an error."""
        with self._whole_file(f"pages/{name}") as path:
            yield path

    def write_page(self, name: str, content: bytes) -> Page:
        """Stage a page whole."""
        with self.page_file(name) as path:
            path.write_bytes(content)
        return self.page(name)

    def page(self, name: str) -> Page:
        """The page of that name, there or not."""
        return Page(name, self.root / "pages" / name)

    def pages(self) -> list[Page]:
        """All whole pages, by name."""
        return [Page(path.name, path) for path in self._files("pages")]

    def write_records(self, name: str, batches: Iterator[list[Record | Snapshot]]) -> int:
        """Stage batches of records as one file; the count of records written."""
        with self._whole_file(f"records/{name}") as path, path.open("wb") as file:
            return frames.write(file, batches)

    def records(self) -> Iterator[list[Record | Snapshot]]:
        """All staged records, in batches of one type each, in the order they were written."""
        for path in self._files("records"):
            with path.open("rb") as file:
                yield from frames.read(cast("BinaryIO", file))

    def write(self, name: str, content: bytes) -> None:
        """Stage a small file beside the pages."""
        with self._whole_file(name) as path:
            path.write_bytes(content)

    def read(self, name: str) -> bytes | None:
        """A small file beside the pages, or None."""
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def require(self, folder: str) -> None:
        """Raise StagingError when not even an empty file of `pages` or `records` is there."""
        if not self._files(folder):
            raise StagingError(
                f"no {folder} are staged in {self.root}: they went when their run finished, or are on another machine. "
                "Run the sync again; on several machines set DEVHEALTH_STAGING_URI to a place that all of them reach."
            )

    def discard(self, *names: str) -> None:
        """Remove small files; missing ones are no error."""
        for name in names:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (self.root / name).unlink()

    def reset(self) -> None:
        """Remove everything of this unit; missing files are no error."""
        self._remove(self.root)

    def changed_at(self) -> float:
        """Unix time at which anything below was last written; now when no store tells it."""
        if self._is_local:
            return Path(self.root.path).stat().st_mtime
        files = self.root.fs
        try:
            return max((files.modified(path).timestamp() for path in files.find(self.root.path)), default=time.time())
        except NotImplementedError:
            return time.time()

    def drop_pages(self) -> None:
        """Remove pages and records, keep the small files; missing ones are no error."""
        for folder in ("pages", "records"):
            self._remove(self.root / folder)

    def _remove(self, folder: UPath) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if self._is_local:  # the rmdir of local paths is not recursive in universal-pathlib 0.2
                shutil.rmtree(folder.path)
            else:
                folder.rmdir(recursive=True)

    def _files(self, folder: str) -> list[Any]:
        try:
            found = [path for path in (self.root / folder).iterdir() if not path.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=lambda path: path.name)

    @contextlib.contextmanager
    def _whole_file(self, name: str) -> Iterator[Path]:
        target = self.root / name
        try:
            if self._is_local:
                final = Path(target.path)
                private_folder(final.parent)
                partial = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
                private_file(partial)
                try:
                    yield partial
                    partial.replace(final)
                finally:
                    partial.unlink(missing_ok=True)
            else:
                with tempfile.TemporaryDirectory(prefix="devhealth-") as folder:
                    partial = Path(folder) / "part"
                    yield partial
                    with partial.open("rb") as source, target.open("wb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)
        except OSError as error:
            raise StagingError(
                f"cannot stage {name} in {self.root}: {error.strerror or error}. "
                "Free space or point DEVHEALTH_STAGING_URI at a folder that can be written, then run again."
            ) from error
