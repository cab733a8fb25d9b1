"""Models of known behaviour: every ablation reveals exactly what was planted, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from ablation_runs import Measured, measured, plan_of

from leaderboards.records.recompute import check_run
from mirb.ablations import ABLATIONS

TASKS = "food,plot_code,count"
NEED = ("text_only", "first_image", "leave_one_out", "swapped")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    folder = tmp_path_factory.mktemp("planted")
    plan = plan_of(TASKS, 4)
    ways = ("oracle", "cheater", "first-image", "position", "order-bound", "moody", "thinker")
    return {way: measured(folder / way, way, plan, tuple(ABLATIONS)) for way in ways}


def test_an_oracle_needs_its_images_and_no_order(found: dict[str, Measured]) -> None:
    oracle = found["oracle"]
    for name in ("text_only", "swapped"):
        assert oracle.value(f"image_need_{name}") == 1.0 and oracle.value(f"accuracy_{name}") == 0.0
    assert oracle.value("image_need_leave_one_out_needed") == 1.0
    assert oracle.value("image_need_leave_one_out_others") == 0.0
    assert oracle.value("image_need_leave_one_out", "plot_code") == pytest.approx(1 / 5)
    assert oracle.value("image_need_first_image", "count") == 1.0
    assert oracle.value("right_without_needed") == 0.0
    for name in ("text_instead", "chain_of_thought", "image_order", "option_order"):
        assert oracle.value(f"change_{name}", "plot_code") == 0.0
    for task in TASKS.split(","):
        assert oracle.value("flips_image_order", task) == 0.0, task
    assert oracle.value("flips_option_order") == 0.0 and oracle.value("right_in_all_orders") == 1.0
    assert oracle.value("position_bias", "food") == 0.0 and oracle.result("position_bias", "food").extra["p"] == 1.0
    assert oracle.value("change_concatenated") == -1.0, "it knows no tiled image"


def test_a_cheater_is_right_without_its_images(found: dict[str, Measured]) -> None:
    cheater = found["cheater"]
    for name in NEED:
        assert cheater.value(f"image_need_{name}") == 0.0, name
        assert cheater.value(f"right_without_needed_{name}") == 1.0, name
    result = cheater.result("right_without_needed")
    assert result.value == 1.0 and result.low is not None
    assert result.low > cheater.value("right_without_needed", variant="chance")
    assert result.low > cheater.value("right_without_needed", variant="constant")
    assert cheater.value("right_without_needed", "food", "chance") == pytest.approx(1 / 3.5, abs=0.06)
    assert cheater.value("right_without_needed", "count", "chance") == 0.0


def test_a_model_of_the_first_image_needs_no_other(found: dict[str, Measured]) -> None:
    first = found["first-image"]
    assert first.value("image_need_first_image") == 0.0 and first.value("image_need_text_only") == 1.0
    assert first.value("image_need_swapped") == 1.0
    assert first.value("image_need_leave_one_out", "plot_code") == pytest.approx(1 / 5), "the first of five"
    assert first.value("right_without_needed_first_image", "count") == 1.0
    assert first.value("flips_image_order", "plot_code") == 0.0, "the plot stays first"


def test_a_preference_for_a_position_is_found(found: dict[str, Measured]) -> None:
    biased = found["position"]
    result = biased.result("position_bias", "food")
    assert result.extra["share_A"] == 1.0 and result.extra["even_A"] < 0.4
    assert biased.value("position_bias", "food") > 0.6 and result.extra["p"] < 0.05
    assert biased.value("flips_option_order", "food") == 1.0, "the letter stays, so the content moves"
    assert biased.value("right_in_all_orders", "food") == 0.0
    assert biased.value("accuracy_option_order", "food") == pytest.approx(1 / 3.5, abs=0.1)
    assert biased.value("flips_floor") == 0.0


def test_an_order_bound_model_flips_with_the_order_only(found: dict[str, Measured]) -> None:
    bound = found["order-bound"]
    for task in TASKS.split(","):
        assert bound.value("flips_image_order", task) == 1.0, task
        assert bound.value("change_image_order", task) == -1.0
        assert bound.value("flips_floor", task) == 0.0
        assert bound.value("flips_image_order_above_floor", task) == 1.0
    assert bound.value("flips_option_order") == 0.0
    assert bound.result("flips_image_order_above_floor").extra["p"] < 0.01


def test_a_moody_model_has_a_floor_and_nothing_above_it(found: dict[str, Measured]) -> None:
    moody = found["moody"]
    assert moody.value("flips_floor") > 0.3
    assert found["oracle"].value("flips_floor") == 0.0
    above = moody.result("flips_image_order_above_floor")
    assert above.extra["second"] == pytest.approx(moody.value("flips_floor"))


def test_reasoning_helps_whom_it_helps(found: dict[str, Measured]) -> None:
    thinker = found["thinker"]
    change = thinker.result("change_chain_of_thought")
    assert change.value == 1.0 and change.extra["second"] == 0.0 and change.extra["p"] < 0.01
    assert found["oracle"].value("change_chain_of_thought") == 0.0


def test_what_does_not_apply_is_said(found: dict[str, Measured]) -> None:
    reasons = found["oracle"].record.not_applicable
    assert reasons["option-order, count"] == "it has no options (4 questions)"
    assert "no text in place" in reasons["text-instead, food"]
    assert not any(name.startswith(("text-only", "image-order")) for name in reasons)


def test_every_number_follows_from_its_stored_outcomes(tmp_path: Path) -> None:
    plan = plan_of("food,count", 2)
    made = measured(tmp_path, "cheater", plan, ("text-only", "option-order"))
    check = check_run(tmp_path / "ablations")
    assert check.recomputed == len(made.record.results) > 20 and not check.discrepancies
    assert not check.without_statistics


def test_official_letters_are_read_as_well(tmp_path: Path) -> None:
    plan = plan_of("food,count", 2, "official")
    made = measured(tmp_path, "cheater", plan, ("text-only", "image-order", "option-order", "chain-of-thought"))
    assert made.value("accuracy_text_only") == 1.0 and made.value("flips_option_order", "food") == 0.0
    assert made.value("accuracy_chain_of_thought") == 1.0
