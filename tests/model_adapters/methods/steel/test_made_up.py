from pathlib import Path

from data_splits.integrity import sha256_file
from model_adapters.methods.steel.made_up import made_up_steel


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        made_up_steel(tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        hashes.append([sha256_file(path) for path in files])
    assert hashes[0] == hashes[1] and len(hashes[0]) == 1 + 13 + 1
