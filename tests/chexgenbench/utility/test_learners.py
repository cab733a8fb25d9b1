from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_cohort import cohort, side

from chexgenbench.utility.arms import TrainingSet
from chexgenbench.utility.learners import Learner, PredictorLearner, ProbeLearner
from model_adapters.protocols import BuildContext

TINY = {"init": "random", "width": 8, "side": 32, "epochs": 1, "batch": 16}


def made(n: int = 24, seed: int = 0, **changes) -> TrainingSet:
    cases, features = cohort(n, "t", seed)
    return TrainingSet.of(replace(side(cases, features), **changes))


def network(scratch: Path | None = None) -> PredictorLearner:
    return PredictorLearner("resnet50", BuildContext(options=TINY), 2, scratch)


@pytest.mark.parametrize("learner", [ProbeLearner("enc"), network()], ids=["probe", "network"])
def test_content_names_everything_a_training_depends_on(learner: Learner) -> None:
    part = made()
    cases = part.sides[0].cases
    relabelled = (replace(cases[0], labels={**cases[0].labels, "Edema": 1 - cases[0].labels["Edema"]}), *cases[1:])
    heavier = (replace(cases[0], weight=2.0), *cases[1:])
    patients = part.sides[0].patients.copy()
    patients[0] = "other"
    others = [
        made(seed=1),
        made(cases=relabelled),
        made(cases=heavier),
        made(patients=patients),
    ]
    assert learner.content(made()) == learner.content(part)
    assert len({learner.content(each) for each in (part, *others)}) == 5


def test_a_network_is_trained_on_the_pixels_and_leaves_its_state_in_the_scratch_folder(tmp_path: Path) -> None:
    learner = network(tmp_path)
    first = learner.predict(made(), made(12, 1), 3)
    assert first.shape == (12, 14) and len(list((tmp_path / "checkpoints").rglob("*.safetensors"))) == 1
    assert np.array_equal(network(tmp_path).predict(made(), made(12, 1), 3), first)
    blank = made(images=None)
    assert "pixels" in str(learner.obstacle(blank)) and learner.obstacle(made()) is None


def test_a_probe_needs_features() -> None:
    learner = ProbeLearner("enc")
    assert "no features of enc" in str(learner.obstacle(made(features=np.zeros((24, 0), np.float32))))
    assert learner.obstacle(made()) is None
    assert learner.predict(made(), made(12, 1), 0).shape == (12, 14)
    assert learner.fingerprint != ProbeLearner("other").fingerprint
