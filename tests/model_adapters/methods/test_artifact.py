import dataclasses
import json
from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.methods.artifact import ARTIFACT_FILE, read_artifact, write_artifact
from model_adapters.protocols import Artifact

CARD = ModelCard(name="made", kind="generator", source="test", licence="none")


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    folder = tmp_path / "work" / "model"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    return Artifact(folder, "checkpoint", CARD, {"steps": 3})


def test_what_was_written_is_read(artifact: Artifact, tmp_path: Path) -> None:
    write_artifact(artifact, tmp_path)
    assert read_artifact(tmp_path) == artifact


def test_a_changed_an_added_and_a_lost_file_are_told(artifact: Artifact, tmp_path: Path) -> None:
    write_artifact(artifact, tmp_path)
    for name, data in (("model.safetensors", b"other"), ("extra.json", b"{}")):
        before = (artifact.folder / name).read_bytes() if (artifact.folder / name).exists() else None
        (artifact.folder / name).write_bytes(data)
        with pytest.raises(UserError, match=f"{name} changed"):
            read_artifact(tmp_path)
        if before is None:
            (artifact.folder / name).unlink()
        else:
            (artifact.folder / name).write_bytes(before)
    (artifact.folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match="holds no file"):
        read_artifact(tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "wish"}, "no kind of artifact"),
        ({"record": {"loss": float("nan")}}, "not plain finite JSON"),
        ({"record": {"model": object()}}, "not plain finite JSON"),
        ({"card": CARD.model_copy(update={"kind": "method"})}, "of the model's kind"),
        ({"folder": Path("/tmp")}, "not a folder inside"),
    ],
)
def test_unsound_artifacts_are_refused(artifact: Artifact, tmp_path: Path, change: dict, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        write_artifact(dataclasses.replace(artifact, **change), tmp_path)
    assert not (tmp_path / ARTIFACT_FILE).exists()


def test_links_and_a_folder_elsewhere_are_refused(artifact: Artifact, tmp_path: Path) -> None:
    write_artifact(artifact, tmp_path)
    described = json.loads((tmp_path / ARTIFACT_FILE).read_text())
    (tmp_path / ARTIFACT_FILE).write_text(json.dumps({**described, "folder": "../.."}))
    with pytest.raises(UserError, match="not a folder inside"):
        read_artifact(tmp_path)
    (artifact.folder / "link.safetensors").symlink_to("/etc/hostname")
    with pytest.raises(UserError, match="only plain files"):
        write_artifact(artifact, tmp_path)
    with pytest.raises(UserError, match="no finished artifact"):
        read_artifact(tmp_path / "nowhere")
