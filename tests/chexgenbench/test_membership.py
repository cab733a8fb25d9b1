from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted_copies import planted

from chexgenbench.membership import any_image_scores, attack_scores, closeness, members_and_controls


def test_closeness_is_bounded_and_fixed_at_three_points() -> None:
    found = closeness(np.array([0.0, 1.0, 3.0, 0.0]), np.array([2.0, 1.0, 1.0, 0.0]))
    assert found.tolist() == [1.0, 0.0, -0.5, 0.0]


def test_scores_do_not_depend_on_the_units_of_the_encoder() -> None:
    data = planted(0.2, held_out=60, corpus=100, prompts=20)

    def scaled(side):  # type: ignore[no-untyped-def]
        return replace(side, features=side.features * np.float32(8.0))

    asked = replace(data.probes, images=scaled(data.probes.images), real=scaled(data.probes.real))
    other = replace(data, corpus=scaled(data.corpus), probes=asked, shared={})
    assert np.allclose(attack_scores(other, asked), attack_scores(data, data.probes))


def test_the_attacker_without_prompts_finds_copies_drawn_for_somebody_else() -> None:
    data = planted(0.0, held_out=60, corpus=100, prompts=20)
    drawn = data.generated.features.copy()
    drawn[5] = data.probes.real.features[3]
    leaked = replace(data, generated=replace(data.generated, features=drawn))
    assert any_image_scores(leaked, data.probes)[3] == 1.0 and attack_scores(leaked, data.probes)[3] < 0.5


def test_patients_without_a_draw_are_left_out() -> None:
    data = planted(0.0, held_out=60, corpus=100, prompts=20)
    some = data.probes.take(np.flatnonzero(data.probes.target != 4))
    arrays = members_and_controls(replace(data, probes=some))
    assert len(arrays["members"]) == len(arrays["any_members"]) == len(arrays["members_cluster"]) == 19
    whole = members_and_controls(data)
    assert np.array_equal(arrays["members"], np.delete(whole["members"], 4))
