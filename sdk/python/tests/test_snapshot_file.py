"""The file of the copy: whole or not at all."""

import stat
import time
from pathlib import Path

import pytest

from paste_registry.snapshot_file import SnapshotFile

PAYLOAD = {"epoch": "aa", "services": {"a": {"revision": 1, "instances": []}}, "configs": {}}
HOUR = 3600.0


def test_round_trip(tmp_path: Path) -> None:
    now = time.time()
    SnapshotFile(tmp_path / "new", "default", lambda: now).write(PAYLOAD)
    file = tmp_path / "new" / "default.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["default.json"]
    found = SnapshotFile(tmp_path / "new", "default", lambda: now + 5).read()
    assert found is not None
    payload, age = found
    assert {key: payload[key] for key in PAYLOAD} == PAYLOAD
    assert age == pytest.approx(5, abs=0.001)


def test_a_clock_that_went_back_makes_no_negative_age(tmp_path: Path) -> None:
    SnapshotFile(tmp_path, "default", lambda: 5 * HOUR).write(PAYLOAD)
    found = SnapshotFile(tmp_path, "default", lambda: HOUR).read()
    assert found is not None and found[1] == 0


def test_an_old_copy_is_used_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    SnapshotFile(tmp_path, "default", lambda: HOUR).write(PAYLOAD)
    assert SnapshotFile(tmp_path, "default", lambda: HOUR + 601).read() is not None
    assert "10 minutes old" in caplog.text
    assert SnapshotFile(tmp_path, "default", lambda: 26 * HOUR).read() is None
    assert "25 hours old" in caplog.text


def test_every_tear_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "default.json"
    SnapshotFile(tmp_path, "default").write(PAYLOAD)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert SnapshotFile(tmp_path, "default").read() is None, length
    file.write_bytes(whole.replace(b'"epoch":"aa"', b'"epoch":"ab"'))
    assert SnapshotFile(tmp_path, "default").read() is None
    file.write_bytes(whole.replace(b'"format":1', b'"format":2'))
    assert SnapshotFile(tmp_path, "default").read() is None
    assert caplog.text.count("passed over") == len(whole) + 2


def test_the_format_that_all_languages_share(tmp_path: Path) -> None:
    """A file as another language may write it: nanoseconds, another order, spaces."""
    from paste_registry.choosing.xxh64 import xxh64

    payload = b'{"saved_at": "2026-01-02T03:04:05.123456789Z", "epoch": "aa", "services": {}, "configs": {}}'
    head = f'{{"checksum": "{xxh64(payload):016x}", "format": 1}}\n'.encode()
    (tmp_path / "default.json").write_bytes(head + payload)
    found = SnapshotFile(tmp_path, "default", lambda: 1767323045.0 + 60).read()
    assert found is not None
    assert found[1] == pytest.approx(60 - 0.123456, abs=0.001)


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    SnapshotFile(tmp_path / "file", "default").write(PAYLOAD)
    assert "can't be kept" in caplog.text
    assert SnapshotFile(tmp_path / "none", "default").read() is None
