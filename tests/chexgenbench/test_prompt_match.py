"""Images and prompts in one space; wrong prompts are those of other patients with other findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chexgenbench.metrics.base import Texts
from chexgenbench.prompt_match import Matched, deranged, finding_codes, matched, view_codes
from data_splits.case import Case
from tests.support.made_prompts import LABELS, World


def test_a_joint_model_is_taken_as_it_is() -> None:
    world = World()
    text = np.random.default_rng(0).normal(size=(150, 40)).astype(np.float32)
    data = replace(world.input(), train=None, texts=Texts("joint", True, lambda side: text))
    found = matched(data)
    assert isinstance(found, Matched)
    x = data.generated.features.astype(float)
    expected = (x * text).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(text.astype(float), axis=1)
    np.testing.assert_allclose(found.own, expected, rtol=1e-6)
    assert found.facts() == {"space": "joint"}


def test_the_head_is_fitted_once_a_run_on_training_images_only() -> None:
    asked = []
    world = World()

    def embed(side):  # type: ignore[no-untyped-def]
        asked.append(side.source)
        return world.embeddings(side.cases)

    data = replace(world.input(), texts=Texts("made-up", False, embed))
    first = matched(data)
    second = matched(replace(data, generated=data.generated.take(np.arange(30))))
    assert asked == ["enc.part", "enc.fit", "enc.part"]
    assert isinstance(first, Matched)
    assert isinstance(second, Matched)
    assert first.head is second.head
    np.testing.assert_allclose(second.own, first.own[:30], atol=1e-12)
    other = replace(data, train=data.train.take(np.arange(100)))  # type: ignore[union-attr]
    third = matched(other)
    assert isinstance(third, Matched)
    assert third.head is not first.head


def test_what_is_missing_is_told() -> None:
    data = World().input()
    assert matched(replace(data, texts=None)) == "no prompts"
    assert "no real training images" in str(matched(replace(data, train=None)))
    few = replace(data, train=data.train.take(np.arange(20)))  # type: ignore[union-attr]
    assert "20 training pairs" in str(matched(few))


def test_derangement_changes_patient_findings_and_prompt_and_depends_on_ids_alone() -> None:
    world = World(3)
    cases = world.cases(90, "t", per_patient=3)
    side = world.side(cases, world.features(cases))
    other = deranged(side)
    findings = finding_codes(cases)
    assert (other >= 0).all()
    assert (findings[other] != findings).all()
    assert (side.patients[other] != side.patients).all()
    assert len(set(other.tolist())) > 40, "it must spread over the cases"
    order = np.random.default_rng(0).permutation(90)
    again = deranged(side.take(order))
    np.testing.assert_array_equal(order[again], other[order])


def test_no_other_findings_no_derangement() -> None:
    cases = tuple(Case(id=str(k), patient=str(k), prompt=f"prompt {k}", labels={"Edema": 1}) for k in range(5))
    assert (deranged(World().side(cases, np.zeros((5, 3)))) == -1).all()


def test_findings_are_positive_labels_or_else_the_prompt() -> None:
    a = Case(id="a", patient="a", prompt="x", labels={LABELS[0]: 1, LABELS[1]: 0})
    b = Case(id="b", patient="b", prompt="y", labels={LABELS[0]: 1, LABELS[1]: -1})
    c = Case(id="c", patient="c", prompt="y")
    d = Case(id="d", patient="d", prompt="y", view="AP")
    codes = finding_codes([a, b, c, d])
    assert codes[0] == codes[1] != codes[2] == codes[3]
    assert view_codes([c, d]).tolist() == [0, 1]
