from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from data_splits.errors import UserError
from model_adapters.encoders import weights
from model_adapters.encoders.weights import (
    cached_snapshot,
    file_sha256,
    hub_id,
    load_exactly,
    local_source,
    read_state_dict,
    torch_checkpoint_folder,
)
from model_adapters.protocols import BuildContext


def test_hash_is_computed_once_and_again_when_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    real = weights.sha256_file
    monkeypatch.setattr(weights, "sha256_file", lambda path: (reads.append(path), real(path))[1])
    path = tmp_path / "w.bin"
    path.write_bytes(b"one")
    assert file_sha256(path) == file_sha256(path) == hashlib.sha256(b"one").hexdigest()
    assert len(reads) == 1
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert file_sha256(path) == hashlib.sha256(b"two").hexdigest()


def test_what_the_user_named(tmp_path: Path) -> None:
    assert local_source(BuildContext()) is None
    assert local_source(BuildContext(target="owner/name")) is None
    assert hub_id(BuildContext(target="owner/name")) == "owner/name"
    assert hub_id(BuildContext(target=str(tmp_path))) is None
    assert local_source(BuildContext(target=str(tmp_path))) == tmp_path
    assert local_source(BuildContext(target="owner/name", weights=tmp_path)) == tmp_path
    assert hub_id(BuildContext(weights=Path("owner/name"))) == "owner/name"
    for context in (
        BuildContext(weights=Path("folder/w.safetensors")),
        BuildContext(weights=tmp_path / "no"),
        BuildContext(target="/no/such/file"),
        BuildContext(target="x"),
    ):
        with pytest.raises(UserError, match="No encoder weights at"):
            local_source(context)


def hub_cache(root: Path, commit: str, main: str | None) -> None:
    repository = root / "models--o--r"
    (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "snapshots" / commit / "config.json").write_text("{}")
    if main:
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(main)


def test_the_hub_cache_is_read_by_pinned_revision_then_main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    commit = "a" * 40
    assert cached_snapshot("o/r", ["config.json"], commit) is None
    hub_cache(tmp_path, commit, main=None)
    assert cached_snapshot("o/r", ["config.json"], commit) == tmp_path / "models--o--r" / "snapshots" / commit
    assert cached_snapshot("o/r", ["config.json"], "b" * 40) is None
    hub_cache(tmp_path / "x", "c" * 40, main="c" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "x"))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "x"), raising=False)
    found = cached_snapshot("o/r", ["config.json"], "b" * 40)
    assert found is not None
    assert found.name == "c" * 40
    assert cached_snapshot("o/r", ["config.json", "model.safetensors"], "b" * 40) is None


def test_torch_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", "/somewhere")
    assert torch_checkpoint_folder() == Path("/somewhere/hub/checkpoints") == Path(torch.hub.get_dir()) / "checkpoints"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert torch_checkpoint_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_torch_files_open_only_with_a_known_hash(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save({"a": torch.ones(2)}, path)
    with pytest.raises(UserError, match=r"not a known file.*Do this"):
        read_state_dict(path, {}, instead="Do this.")
    assert read_state_dict(path, {file_sha256(path): "w"}, instead="")["a"].tolist() == [1, 1]


def test_even_a_pinned_pickle_runs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        read_state_dict(path, {file_sha256(path): "w"}, instead="")


def test_damaged_safetensors_and_folders_are_user_errors(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"not this")
    with pytest.raises(UserError, match="not a readable safetensors"):
        read_state_dict(path, {}, instead="")
    with pytest.raises(UserError, match="is a folder"):
        read_state_dict(tmp_path, {}, instead="")


def test_every_weight_must_come_from_the_file(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    good = {key: value.clone() + 1 for key, value in network.state_dict().items()}
    without_counter = {key: value for key, value in good.items() if not key.endswith("num_batches_tracked")}
    save_file(without_counter, tmp_path / "good.safetensors")
    load_exactly(network, read_state_dict(tmp_path / "good.safetensors", {}, instead=""), "a test")
    assert torch.equal(network[0].weight, good["0.weight"])
    for message, state in (
        ("lacks '0.weight'", {key: value for key, value in good.items() if key != "0.weight"}),
        ("in excess 'other'", good | {"other": torch.ones(1)}),
        ("another shape '0.bias'", good | {"0.bias": torch.ones(4)}),
    ):
        with pytest.raises(UserError, match=message):
            load_exactly(network, state, "a test")
    load_exactly(network, good | {"other": torch.ones(1)}, "a test", ignore=("other",))
