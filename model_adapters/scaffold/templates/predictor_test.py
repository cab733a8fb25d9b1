from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check_predictor import check_predictor
from model_adapters.protocols import BuildContext
from model_adapters.scaffold.templates import predictor as my_adapter

IMAGES = [np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8) for seed in range(24)]


def test_keeps_the_contract() -> None:
    checks = check_predictor(lambda folder: my_adapter.build(BuildContext(target=folder)), IMAGES)
    assert len(checks) == 9 and not [check for check in checks if check.passed is False]


def test_learns_which_half_is_bright() -> None:
    bright = np.arange(24) % 2 == 0
    halves = [(image, image // 4) for image in IMAGES]
    shown = [np.hstack(each[::-1] if right else each) for each, right in zip(halves, bright, strict=True)]
    targets = np.full((24, 14), np.nan, np.float32)
    targets[:, 0] = bright
    predictor = my_adapter.build(BuildContext())
    predictor.fit(shown, targets, np.array([f"p{index}" for index in range(24)]), 0)
    learnt = predictor.predict(shown)[:, 0]
    assert learnt[bright].min() > learnt[~bright].max()


def test_untrained_it_says_so(tmp_path: Path) -> None:
    predictor = my_adapter.build(BuildContext())
    with pytest.raises(UserError, match="not trained yet"):
        predictor.predict(IMAGES[:1])
    with pytest.raises(UserError, match="nothing to save"):
        predictor.save(tmp_path)
