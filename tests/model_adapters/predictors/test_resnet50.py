"""The published classifier through its own code, at a width of 8 channels and 32 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check_predictor import check_predictor
from model_adapters.predictors import PREDICTORS, training
from model_adapters.predictors.folder import load_predictor
from model_adapters.protocols import BuildContext, Predictor

TINY = {"init": "random", "width": 8, "side": 32, "epochs": 3, "batch": 8}


def build(target: str | None = None, weights: Path | None = None, protocol: str = "v2", **options) -> Predictor:
    context = BuildContext(target=target, weights=weights, protocol=protocol, options=TINY | options)
    return PREDICTORS.build("resnet50", context)


def made(n: int = 24) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (40, 36), dtype=np.uint8) for _ in range(n)]
    targets = rng.integers(0, 2, (n, 14)).astype(np.float32)
    targets[rng.random((n, 14)) < 0.2] = np.nan
    return images, targets, np.array([f"p{i // 2}" for i in range(n)])


def weights_of(predictor) -> dict[str, np.ndarray]:
    return {name: each.numpy().copy() for name, each in predictor._network.state_dict().items()}


def test_it_keeps_the_contract() -> None:
    assert isinstance(build(), Predictor)
    results = check_predictor(lambda folder: build(folder, epochs=12, rate=5e-3), made()[0])
    assert len(results) == 9 and not [each for each in results if each.passed is not True]


def test_a_killed_training_ends_in_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, targets, patients = made()
    whole = build()
    whole.fit(images, targets, patients, 3)
    killed = build(checkpoints=str(tmp_path))
    step, calls = training.evaluate, []

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "evaluate", dies)
    with pytest.raises(KeyboardInterrupt):
        killed.fit(images, targets, patients, 3)
    monkeypatch.setattr(training, "evaluate", step)
    again, trained = build(checkpoints=str(tmp_path)), []
    batches = training._batches
    monkeypatch.setattr(training, "_batches", lambda *a: trained.append(a[-1]) or batches(*a))
    again.fit(images, targets, patients, 3)
    assert trained == [2], "only the epoch that was not finished is trained again"
    for name, each in weights_of(whole).items():
        assert np.array_equal(each, weights_of(again)[name]), name
    other = build(checkpoints=str(tmp_path))
    other.fit(images, targets, patients, 4)
    assert trained == [2, 0, 1, 2], "another seed is another training"


def test_the_number_of_threads_does_not_matter() -> None:
    import torch

    images, targets, patients = made(8)
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        predictor = build(epochs=1)
        predictor.fit(images, targets, patients, 0)
        found.append(predictor.predict(images))
        assert torch.get_num_threads() == threads
    assert np.array_equal(*found)


def test_unknown_cells_and_images_of_no_weight_teach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch of everything: the step is the mean over known cells of images that count."""
    import torch

    from model_adapters.encoders.resnet_network import ResNet50

    images, targets, _ = made(8)
    pixels = np.stack([image[:32, :32] for image in images])
    weight = np.array([1, 1, 1, 1, 1, 1, 0, 2], np.float32)
    torch.manual_seed(0)
    network = ResNet50(14, stem=8).eval()
    part = training.Examples(pixels, targets, weight)
    rows = np.arange(8)
    inputs = training._unit(pixels, "cpu")
    loss = training._loss(network, inputs, part, rows, "cpu").item()
    logits = network(training._normalised(inputs)).detach().double().numpy()
    probability = 1 / (1 + np.exp(-logits))
    cells = -np.where(targets == 1, np.log(probability), np.log(1 - probability))
    counted = weight[:, None] * np.isfinite(targets)
    assert loss == pytest.approx((counted * cells).sum() / counted.sum(), rel=1e-4)
    assert training.evaluate(network, part, "cpu") == pytest.approx(loss, rel=1e-4)


def test_imagenet_weights_are_loaded_but_for_the_head(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from model_adapters.encoders.resnet_network import ResNet50

    torch.manual_seed(5)
    source = ResNet50(stem=8)
    save_file(source.state_dict(), tmp_path / "model.safetensors")
    predictor = build(weights=tmp_path, init="imagenet")
    fresh = predictor._fresh(0)
    assert torch.equal(fresh.layer4[2].conv3.weight, source.layer4[2].conv3.weight)
    assert fresh.fc.weight.shape == (14, 256)
    assert predictor.fingerprint != build().fingerprint
    assert list(predictor.card.weight_hashes) == ["model.safetensors"]
    with pytest.raises(UserError, match="another shape"):
        build(weights=tmp_path, init="imagenet", width=16)._fresh(0)
    (tmp_path / "resnet50.pth").write_bytes(b"a pickle, perhaps")
    with pytest.raises(UserError, match="not a known file"):
        build(weights=tmp_path / "resnet50.pth", init="imagenet")._fresh(0)


def test_without_weights_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"timm/resnet50\.a1_in1k"):
        PREDICTORS.build("resnet50", BuildContext())
    assert PREDICTORS.requirements("resnet50", BuildContext())[0].size_gb == 0.1
    assert not PREDICTORS.requirements("resnet50", BuildContext(options={"init": "random"}))


def test_the_published_recipe_is_the_published_one() -> None:
    recipe = build(protocol="v1", epochs=0, batch=0)._recipe
    assert (recipe.epochs, recipe.batch, recipe.rate, recipe.decay, recipe.patience) == (20, 768, 1e-4, 1e-5, 2)
    assert recipe.validation == 0.05 and not recipe.by_patient
    assert recipe.augmentation.flip and recipe.augmentation.degrees == 10
    ours = build(epochs=0, batch=0)._recipe
    assert ours.by_patient and not ours.augmentation.flip


def test_a_trained_folder_is_loaded(tmp_path: Path) -> None:
    images, targets, patients = made(8)
    predictor = build(epochs=1)
    with pytest.raises(UserError, match="not trained"):
        predictor.predict(images)
    predictor.fit(images, targets, patients, 0)
    predictor.save(tmp_path / "net")
    assert np.array_equal(load_predictor(tmp_path / "net").predict(images), predictor.predict(images))
