"""From a run's images to the arrays of the classification estimators: trained arms, open or in blocks of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chexgenbench.groups import AGE_BANDS
from chexgenbench.metrics.base import Measurement, MetricInput, Side
from chexgenbench.metrics.units import codes, private_blocks
from chexgenbench.utility.arms import ARMS, TrainingSet, arm
from chexgenbench.utility.labels import Policy, truth
from chexgenbench.utility.learners import Learner, PredictorLearner, ProbeLearner
from chexgenbench.utility.predictions import Predictions, training_seed
from data_splits.case import CHEXPERT_LABELS, Case
from leaderboards.statistics.classification import LEAST, LEAST_PATIENTS, leave_blocks_out, no_label
from leaderboards.statistics.classification_gap import TOO_FEW, leave_blocks_out_of_gap
from leaderboards.statistics.classification_scores import eligible_labels

MIN_TRAINING = 20
"""Fewer training images make no classifier worth testing."""

END_TO_END = "resnet50"
"""The predictor behind metrics without an encoder, as published."""

ATTRIBUTES = f"sex=F,M|view=AP,PA|age={','.join(AGE_BANDS)}"

Parameters = dict[str, int | float | str | bool]


@dataclass(frozen=True)
class Recipe:
    """How the arms of a metric are trained and scored.

    Attributes:
        protocol: "v2" or "v1", for predictors trained on pixels.
        policy: what unknown labels are. trainings: seeds of an end-to-end predictor.
        least, least_patients: what a label needs of positive and negative test images.
    """

    protocol: Literal["v1", "v2"] = "v2"
    policy: Policy = "known"
    trainings: int = 5
    least: int = LEAST
    least_patients: int = LEAST_PATIENTS


@dataclass(frozen=True)
class Predicted:
    """What trained classifiers say about the test images.

    Attributes:
        probability: arm -> float32[trainings, n, 14]. reference: the test images.
        images: of the first arm's training set. classifier: what was trained, in words.
        seed: of the resampling. share: False for a credentialed split.
    """

    probability: dict[str, NDArray[np.float32]]
    reference: Side
    images: int
    classifier: str
    seed: int
    share: bool = True


def measure_arms(
    data: MetricInput, statistic: str, arms: Sequence[str] = ARMS, recipe: Recipe | None = None, **more: Any
) -> Measurement:
    """Probabilities of the real test images by every arm, for the `classification` estimator.

    Args:
        statistic: as the estimator calls it. arms: the headline first; "trtr" is the baseline.
        more: further parameters of the estimator.
    """
    recipe = recipe or Recipe()
    found = _trained(data, arms, recipe)
    return Measurement(reason=found) if isinstance(found, str) else scored(found, statistic, recipe, **more)


def measure_gap(data: MetricInput) -> Measurement:
    """The same with the subgroups of the test images, for the `classification_gap` estimator."""
    found = _trained(data, ("tstr", "trtr"), Recipe())
    return Measurement(reason=found) if isinstance(found, str) else scored_by_subgroup(found)


def scored(found: Predicted, statistic: str, recipe: Recipe, **more: Any) -> Measurement:
    """Arrays of the `classification` estimator; "trtr" is the baseline where it is one of several arms."""
    arms = tuple(found.probability)
    known = truth(found.reference.cases, recipe.policy)
    cluster = codes(found.reference.patients)
    chosen = eligible_labels(known, cluster, recipe.least, recipe.least_patients)
    if not len(chosen):
        return Measurement(reason=no_label(recipe.least, recipe.least_patients))
    arrays: dict[str, NDArray[Any]] = {"truth": known[:, chosen], "cluster": cluster}
    arrays |= {name: probability[:, :, chosen] for name, probability in found.probability.items()}
    parameters: Parameters = {
        "statistic": statistic,
        "labels": "|".join(CHEXPERT_LABELS[each] for each in chosen),
        "arms": "|".join(arms),
        "baseline": "trtr" if "trtr" in arms[1:] else "",
        "seed": found.seed,
        "least": recipe.least,
        "least_patients": recipe.least_patients,
        "classifier": found.classifier,
        **more,
    }
    if not found.share:
        # Who has which finding, and single probabilities, stay at home.
        blocks = private_blocks(found.reference)
        if more.get("replicates") == 0:
            blocks = np.zeros_like(blocks)
        stored = leave_blocks_out(arrays, blocks, **_names(parameters))
        if stored is None:
            return Measurement(reason="every label has all its positives in one block of patients")
        arrays, parameters["labels"] = dict(stored[0]), stored[1]
    return Measurement(arrays, parameters, n_generated=found.images, n_reference=len(found.reference))


def scored_by_subgroup(found: Predicted) -> Measurement:
    """Arrays of the `classification_gap` estimator."""
    arms = "|".join(found.probability)
    cases = found.reference.cases
    arrays: dict[str, NDArray[Any]] = {
        "truth": truth(cases),
        "cluster": codes(found.reference.patients),
        **found.probability,
        **subgroup_codes(cases),
    }
    parameters: Parameters = {
        "attributes": ATTRIBUTES,
        "arms": arms,
        "seed": found.seed,
        "classifier": found.classifier,
    }
    if not found.share:
        stored = leave_blocks_out_of_gap(arrays, private_blocks(found.reference), attributes=ATTRIBUTES, arms=arms)
        if stored is None:
            return Measurement(reason=TOO_FEW)
        arrays, parameters = dict(stored[0]), {**parameters, **stored[1]}
    return Measurement(arrays, parameters, n_generated=found.images, n_reference=len(found.reference))


def subgroup_codes(cases: Sequence[Case]) -> dict[str, NDArray[np.int64]]:
    """Attribute -> int64[n], the place of each case's subgroup in ATTRIBUTES, -1 where it is unknown."""
    table: dict[str, NDArray[np.int64]] = {}
    for part in ATTRIBUTES.split("|"):
        attribute, _, names = part.partition("=")
        place = {name: code for code, name in enumerate(names.split(","))}
        held = [case.age_band if attribute == "age" else getattr(case, attribute) for case in cases]
        table[attribute] = np.array([place.get(each or "", -1) for each in held], np.int64)
    return table


def _trained(data: MetricInput, arms: Sequence[str], recipe: Recipe) -> Predicted | str:
    """The arms' predictions, trained now unless an earlier metric or run did; or the reason why there are none."""
    asked = data.synthetic
    if asked is None:
        return f"no features of {data.encoder}" if data.encoder else "no image was drawn for a training case"
    first, test = _kept(data, arms[0], recipe.policy), _kept(data, "", recipe.policy)
    if len(first) < MIN_TRAINING:
        return f"{len(first)} synthetic training images; a classifier needs {MIN_TRAINING}"
    if not any(case.labels for case in asked.images.cases):
        return "the training cases have no labels"
    if not any(case.labels for case in data.reference.cases):
        return "the test cases have no labels"
    learner = _learner(data, recipe)
    if isinstance(learner, str):
        return learner
    obstacle = learner.obstacle(first) or learner.obstacle(test)
    if obstacle is not None:
        return obstacle
    sets = [_kept(data, name, recipe.policy) for name in arms]
    folder = None if data.scratch is None else data.scratch / "utility"
    seeds = [training_seed(number) for number in range(learner.trainings)]
    predictions = Predictions(learner, data.shared, folder).of(sets, test, seeds)
    known = dict(zip(arms, predictions, strict=True))
    return Predicted(known, data.reference, len(first), learner.name, data.seed, data.share_reference)


def _kept(data: MetricInput, name: str, policy: Policy) -> TrainingSet:
    """An arm (or the test set, ""), made once for all metrics of an input: hashing its pixels takes a while."""
    held, sets = data.shared.get("utility sets", (None, {}))
    if held is not data:
        sets = {}
        data.shared["utility sets"] = (data, sets)
    key = f"{policy}/{name}"
    if key not in sets:
        assert data.synthetic is not None
        sets[key] = arm(data.synthetic, name, policy) if name else TrainingSet.of(data.reference, policy=policy)
    found: TrainingSet = sets[key]
    return found


def _learner(data: MetricInput, recipe: Recipe) -> Learner | str:
    if data.encoder:
        return ProbeLearner(data.encoder)
    from model_adapters.predictors import PREDICTORS
    from model_adapters.protocols import BuildContext

    context = BuildContext(protocol=recipe.protocol, device=_device())
    missing = PREDICTORS.requirements(END_TO_END, context)
    if missing:
        return f"{missing[0].what} missing: {missing[0].how}"
    key = f"utility learner/{END_TO_END}/{recipe.protocol}/{recipe.trainings}"
    if key not in data.shared:
        data.shared[key] = PredictorLearner(END_TO_END, context, recipe.trainings, data.scratch)
    found: Learner = data.shared[key]
    return found


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _names(parameters: Parameters) -> dict[str, Any]:
    wanted = ("statistic", "labels", "arms", "least", "least_patients")
    return {name: parameters[name] for name in wanted}
