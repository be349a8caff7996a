"""How many requests are under way at once."""

import threading
import time
from pathlib import Path

from devhealth.transport.slots import slot


def test_never_more_at_once_than_there_are_slots(tmp_path: Path):
    at_work, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal at_work, most
        for _ in range(5):
            with slot(tmp_path, "secret", 3):
                with guard:
                    at_work += 1
                    most = max(most, at_work)
                time.sleep(0.002)
                with guard:
                    at_work -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < most <= 3


def test_slots_of_another_credential_are_its_own(tmp_path: Path):
    with slot(tmp_path, "one", 1), slot(tmp_path, "other", 1):
        assert not any("one" in path.name for path in tmp_path.iterdir())


def test_nothing_is_held_where_no_file_can_be_locked(tmp_path: Path):
    (tmp_path / "limits").write_text("a file")
    with slot(tmp_path / "limits", "secret", 1), slot(tmp_path / "limits", "secret", 1):
        pass
