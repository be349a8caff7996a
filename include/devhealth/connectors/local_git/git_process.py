"""Running git: always an argument list, never a prompt, a pager or a helper program of the repository's choosing.

Numbers must not depend on who runs git where: the user's and the system's configuration are left out (a transfer over
the network keeps them, since credentials and proxies live there), and so are the GIT_ variables of our own environment
and the DEVHEALTH_ ones, which hold secrets. A repository's own configuration is left out by `view`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from devhealth.connectors.local_git.git_failure import OF, Outcome, failure, require_version, start_failure
from devhealth.connectors.local_git.remote_url import SCHEMES

_FIXED_CONFIG = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.mailmap=false",
    "color.ui=false",
    "commitGraph.generationVersion=1",  # the second one never ends where a commit's date is the largest there is
    "core.deltaBaseCacheLimit=192m",  # git's 96m makes a walk over a large pack a fifth slower
)
NO_FILE = f"{os.devnull}/none"
"""A path at which nothing can ever be: git warns of a file of grafts, also of an empty one."""
_TRANSFER_VARIABLES = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_EXEC_PATH")


class GitProcess:
    """A running git. Leaving the `with` block ends it, whatever it is doing.

    `stdin` is bytes or a file to read; `stdout` a file to write, or None for a pipe (see `output`).
    Raises SourceNotFound or SourceForbidden when the folder cannot be entered, SettingsError when git is too old.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        stdin: bytes | Path = b"",
        stdout: Path | None = None,
        is_transfer: bool = False,
        extra_environment: Mapping[str, str] | None = None,
    ) -> None:
        _check_version(shutil.which("git"))
        self.folder = folder
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        environment = {**_environment(is_transfer=is_transfer), **(extra_environment or {})}
        if (folder / OF).exists():  # a view whose repository is gone must not stand for the one around it
            environment["GIT_CEILING_DIRECTORIES"] = os.path.realpath(folder.parent)
        with _input(stdin) as source, _output(stdout) as target:
            try:
                self._process = subprocess.Popen(
                    ["git", *_config_arguments(), *arguments],
                    cwd=folder,
                    env=environment,
                    stdin=source,
                    stdout=target,
                    stderr=self._stderr,
                )
            except OSError as error:
                self._stderr.close()
                del environment, extra_environment  # a traceback may show local names, and so may those it comes from
                raise start_failure(folder, error) from None

    @property
    def output(self) -> BinaryIO:
        """What git writes, when no file was given."""
        return cast("BinaryIO", self._process.stdout)

    def wait(self) -> Outcome:
        """Wait for the end; the process must be waited for inside its `with` block."""
        status = self._process.wait()
        self._stderr.seek(0)
        return Outcome(status, self._stderr.read().decode(errors="replace"))

    def kill(self) -> None:
        """End the process now; harmless when it has ended. `wait` then reports the signal."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        """Stay with the process."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._stderr.close()


def run(
    folder: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes | Path = b"",
    is_transfer: bool = False,
    extra_environment: Mapping[str, str] | None = None,
) -> bytes:
    """What git wrote; raises the error of `failure` unless its exit status is 0. For answers known to be small."""
    with GitProcess(
        folder, arguments, stdin=stdin, is_transfer=is_transfer, extra_environment=extra_environment
    ) as process:
        content = process.output.read()
        outcome = process.wait()
    if not outcome.is_success:
        raise failure(folder, outcome)
    return content


def attempt(folder: Path, arguments: Sequence[str], *, stdin: bytes | Path = b"") -> bytes | None:
    """What git wrote, or None when it said no with exit status 1 or 128; for questions whose answer may be no."""
    with GitProcess(folder, arguments, stdin=stdin) as process:
        content = process.output.read()
        return content if process.wait().is_success else None


@contextmanager
def stream(folder: Path, arguments: Sequence[str], *, stdin: bytes | Path = b"") -> Iterator[BinaryIO]:
    """Git's output while it is written; raises the error of `failure` at the end unless the exit status is 0.

    Leaving before its end, also by an error or a closed generator, kills git.
    """
    with GitProcess(folder, arguments, stdin=stdin) as process:
        yield process.output
        if process.output.read(1):
            return
        outcome = process.wait()
    if not outcome.is_success:
        raise failure(folder, outcome)


@cache
def _check_version(program: str | None) -> None:
    """Ask a git for its version, once a process. One that cannot be started says so where it is used."""
    with suppress(OSError):
        if program:
            environment = _environment(is_transfer=False)
            asked = subprocess.run([program, "--version"], check=False, env=environment, capture_output=True)
            require_version(program, asked.stdout.decode(errors="replace").strip())


def _config_arguments() -> list[str]:
    return [part for setting in _FIXED_CONFIG for part in ("-c", setting)]


def _environment(*, is_transfer: bool) -> dict[str, str]:
    kept = _TRANSFER_VARIABLES if is_transfer else ("GIT_EXEC_PATH",)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "DEVHEALTH_")) or name.startswith(kept)
    }
    protocols = ":".join(SCHEMES) if is_transfer else "none"
    fixed = {
        "GIT_ALLOW_PROTOCOL": protocols,
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": NO_FILE,
    }
    if not is_transfer:
        fixed |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }
    return inherited | fixed


@contextmanager
def _input(stdin: bytes | Path) -> Iterator[IO[bytes] | int]:
    if not isinstance(stdin, Path):
        if not stdin:
            yield subprocess.DEVNULL
            return
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            yield file
    else:
        with stdin.open("rb") as file:
            yield file


@contextmanager
def _output(stdout: Path | None) -> Iterator[IO[bytes] | int]:
    if stdout is None:
        yield subprocess.PIPE
    else:
        with stdout.open("wb") as file:
            yield file
