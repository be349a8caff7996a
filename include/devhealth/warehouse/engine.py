"""The ClickHouse engine inside the `chdb-core` wheel: found, checked, configured, and made to listen.

The wheel's own sessions refuse to open a port; its module-level `query` does not, as long as a statement of that query
goes on running. `chdb/__init__` would pull in pandas, so the extension module is loaded from its file.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from devhealth.errors import WarehouseError
from devhealth.warehouse.endpoint import HOST, USER

SUPPORTED = "26.9"
_INSTALL = f'install it with `pip install "chdb-core=={SUPPORTED}.*"`, or point CLICKHOUSE_URI at a ClickHouse server'
_LISTEN = (
    "SYSTEM START LISTEN TCP; "
    "SELECT sleepEachRow(0.5) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null"  # runs until it is killed
)
# The session that runs _LISTEN is always `default` without a password: it may do just that.
_CONFIG = """<clickhouse>
    <listen_host>{host}</listen_host>
    <tcp_port>{port}</tcp_port>
    <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
    <users_config>config.xml</users_config>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <password/>
            <networks><ip>{host}</ip></networks>
            <grants>
                <query>GRANT SYSTEM LISTEN ON *.*</query>
                <query>GRANT SELECT ON system.numbers</query>
            </grants>
        </default>
        <{user}>
            <password_sha256_hex>{digest}</password_sha256_hex>
            <networks><ip>{host}</ip></networks>
        </{user}>
    </users>
</clickhouse>
"""


def is_installed() -> bool:
    """Whether any version of the engine is."""
    return importlib.util.find_spec("chdb") is not None


def check_wheel() -> None:
    """Raise WarehouseError unless the engine this code was tested with is installed."""
    try:
        version = importlib.metadata.version("chdb-core")
    except importlib.metadata.PackageNotFoundError:
        raise WarehouseError(f"the embedded ClickHouse is not installed: {_INSTALL}.") from None
    if not version.startswith(f"{SUPPORTED}."):
        raise WarehouseError(f"the embedded ClickHouse is chdb-core {version}, expected {SUPPORTED}.*: {_INSTALL}.")


def check_data(folder: Path) -> None:
    """Raise WarehouseError when the data in a warehouse folder was written by a newer engine than ours."""
    try:
        written_by = (folder / "version").read_text().strip()
    except FileNotFoundError:
        return
    if _release(written_by) > _release(SUPPORTED):
        raise WarehouseError(
            f"{folder} holds data of ClickHouse {written_by}, this devhealth runs {SUPPORTED} and cannot read it. "
            "Upgrade devhealth, or set DEVHEALTH_HOME to another folder and sync again."
        )


def stamp_data(folder: Path, version: str) -> None:
    """Note which engine version writes the data of a warehouse folder."""
    (folder / "version").write_text(f"{version}\n")


def load() -> ModuleType:
    """The engine's extension module."""
    check_wheel()
    package = importlib.util.find_spec("chdb")  # finds it without running chdb/__init__
    folders = list(package.submodule_search_locations or []) if package else []
    library = next((path for folder in folders for path in Path(folder).glob("_chdb*.so")), None)
    spec = importlib.util.spec_from_file_location("_chdb", library) if library else None
    if spec is None or spec.loader is None:
        raise WarehouseError(f"the wheel chdb-core is damaged, its library _chdb.abi3.so is missing: {_INSTALL}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configure(folder: Path, port: int, password: str) -> None:
    """Write the configuration the engine reads from its working directory; the password only as a digest."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    (folder / "config.xml").write_text(_CONFIG.format(host=HOST, port=port, user=USER, digest=digest))


def listen(module: ModuleType) -> None:
    """Serve the data below the working directory until the statement is killed; errors are printed, not raised."""
    result = module.query(_LISTEN, "CSV", path="data")
    if result.has_error():
        sys.stderr.write(f"{result.error_message()}\n")


def explain(folder: Path, log: str) -> str:
    """The sentence for a user whose engine did not start, from what it printed."""
    if "Cannot lock file" in log:
        return (
            f"the warehouse folder {folder} is in use by another ClickHouse engine. "
            "Stop that process, or set DEVHEALTH_HOME to another folder."
        )
    if re.search(r"Permission denied|Read-only file system|No space left", log):
        return (
            f"the warehouse folder {folder} cannot be written: free space or change its owner, or set DEVHEALTH_HOME."
        )
    found = re.search(r"DB::Exception: (.+)|e\.what\(\) = (.+), Stack trace", log)
    reason = (found[1] or found[2])[:300] if found else "it printed no reason"
    return f"the embedded ClickHouse in {folder} did not start: {reason}. Its whole output is in {folder / 'host.log'}."


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
