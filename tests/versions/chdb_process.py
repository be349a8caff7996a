"""An engine of ClickHouse in a process of its own: `python chdb_process.py FOLDER_OF_CHDB FOLDER_OF_DATA`.

Reads one JSON string a line, statements separated by semicolons, and answers each with one JSON line: an error and what
came out. It runs in the environment of the engine, where nothing of ours is installed.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path


def main(package: Path, data: Path) -> None:
    """Answer until the input ends."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the engine may print
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # and read
    library = next((package / "chdb").glob("_chdb*.so"))
    spec = importlib.util.spec_from_file_location("_chdb", library)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    for line in requests:
        try:
            result = engine.query(json.loads(line), "JSONCompactEachRow", path=str(data))
            said, error = bytes(result.bytes() or b"").decode("utf-8", "surrogateescape"), result.error_message()
        except Exception as raised:  # noqa: BLE001 - whatever the engine raises is its answer
            said, error = "", str(raised)
        answers.write(json.dumps({"error": error or "", "said": said}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
