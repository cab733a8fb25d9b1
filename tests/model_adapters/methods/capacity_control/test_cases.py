from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data_splits.case import Case
from data_splits.errors import ImageUnreadable, UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.cases import Latents, Texts, choose, pixels

OPTIONS = "seed=1,train=6,test=2,size=64"


def test_fewer_patients_are_a_part_of_more_whatever_the_run() -> None:
    few, more = (choose("phantom", OPTIONS, "train", n, 0) for n in (2, 4))
    assert (few.patients, more.patients) == (2, 4) and {case.id for case in few.cases} < {
        case.id for case in more.cases
    }
    assert choose("phantom", OPTIONS, "train", 2, 0).cases == few.cases
    images = choose("phantom", OPTIONS, "train", 0, 3)
    assert len(images.cases) == 3 and [case.id for case in images.cases] == sorted(case.id for case in images.cases)


def test_named_cases_are_taken_and_a_wrong_name_is_told() -> None:
    everything = choose("phantom", OPTIONS, "train", 0, 0).cases
    wanted = f"{everything[3].id}, {everything[1].id}"
    assert choose("phantom", OPTIONS, "train", 0, 0, wanted).cases == (everything[1], everything[3])
    with pytest.raises(UserError, match="has no case nobody"):
        choose("phantom", OPTIONS, "train", 0, 0, ["nobody"])


def test_cases_without_a_prompt_are_counted_and_a_split_of_them_is_refused() -> None:
    split = load_split("phantom", seed=1, train=3, test=1, size=64)
    cases = split.subsets["train"]
    part = replace(split, subsets={"train": (replace(cases[0], prompt=None), *cases[1:])})
    assert choose(part, "", "train", 0, 0).silent == 1
    none = replace(split, subsets={"train": tuple(replace(case, prompt=None) for case in cases)})
    with pytest.raises(UserError, match="has no prompts"):
        choose(none, "", "train", 0, 0)


def weighted(weights: list[float]) -> Split:
    split = load_split("phantom", seed=1, train=3, test=1, size=64)
    cases = split.subsets["train"][: len(weights)]
    given = tuple(replace(case, weight=weight) for case, weight in zip(cases, weights, strict=True))
    return replace(split, subsets={"train": given})


def test_weights_have_a_mean_of_one_and_cases_without_weight_are_left_out() -> None:
    chosen = choose(weighted([0.2, 0.0, 0.6]), "", "train", 0, 0)
    assert chosen.weights == pytest.approx((0.5, 1.5)) and (chosen.distrusted, chosen.silent) == (1, 0)
    assert chosen.effective == pytest.approx(0.8**2 / (0.2**2 + 0.6**2))
    even, plain = (choose(weighted([each] * 3), "", "train", 0, 0) for each in (0.3, 1.0))
    assert even.weights is None and even.hash() == plain.hash() and even.effective == 3.0
    assert choose(weighted([0.1, 1.0, 0.6]), "", "train", 0, 0).hash() != plain.hash()
    with pytest.raises(UserError, match="has the weight 0"):
        choose(weighted([0.0, 0.0]), "", "train", 0, 0)


def test_cohorts_with_the_same_ids_have_other_hashes() -> None:
    one = choose("phantom", "seed=1,train=4,test=1,size=64", "train", 2, 2)
    assert one.hash() == choose("phantom", "seed=1,train=6,test=1,size=64", "train", 0, 0, one.prompt_hashes()).hash()
    same = choose("phantom", "seed=2,train=4,test=1,size=64", "train", 0, 0, [case.id for case in one.cases])
    assert [case.id for case in same.cases] == [case.id for case in one.cases] and same.hash() != one.hash()


def test_pixels_are_the_central_square_in_minus_one_to_one() -> None:
    image = np.zeros((20, 40), np.uint8)
    image[:, 10:30] = 255
    assert torch.equal(pixels([image], 20, 1), torch.ones((1, 1, 20, 20)))
    assert torch.equal(pixels([image], 20, 3), torch.ones((1, 3, 20, 20)))
    coloured = np.zeros((8, 8, 3), np.uint8)
    coloured[..., 0] = 255
    assert pixels([coloured], 8, 3)[0, :, 0, 0].tolist() == [1.0, -1.0, -1.0]
    assert pixels([coloured], 8, 1)[0, 0, 0, 0] == pytest.approx(-1 / 3, abs=1e-6)


def test_latents_are_computed_once_and_do_not_depend_on_their_company(
    tiny_sd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Base(locate_base(str(tiny_sd)), "cpu")
    monkeypatch.setattr("model_adapters.methods.capacity_control.cases.SHARD", 2)
    chosen = choose("phantom", OPTIONS, "train", 3, 5)
    stored = Latents(chosen, base, tmp_path / "latents")
    alone = [base.encode(pixels([chosen.split.read_image(case)], 64, 3))[0] for case in chosen.cases]
    rows = [4, 0, 0, 3]
    assert torch.equal(stored(rows), torch.stack([alone[row] for row in rows]))
    monkeypatch.setattr(Base, "encode", lambda *_: pytest.fail("encoded twice"))
    assert torch.equal(Latents(chosen, base, tmp_path / "latents")(rows), stored(rows))


def test_an_image_that_cannot_be_read_stops_the_run(tiny_sd: Path, tmp_path: Path) -> None:
    chosen = choose("phantom", OPTIONS, "train", 1, 1)

    def broken(case: Case) -> np.ndarray:
        raise ImageUnreadable("not an image.")

    chosen = replace(chosen, split=replace(chosen.split, read_image=broken))
    with pytest.raises(UserError, match=f"case {chosen.cases[0].id} cannot be read: not an image"):
        Latents(chosen, Base(locate_base(str(tiny_sd)), "cpu"), tmp_path / "latents")


def test_texts_are_encoded_one_by_one_and_kept_while_there_is_room(
    tiny_sd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Base(locate_base(str(tiny_sd)), "cpu")
    asked: list[str] = []
    encode = base.condition
    monkeypatch.setattr(base, "condition", lambda prompt: asked.append(prompt) or encode(prompt))
    texts = Texts(base)
    both = texts(["no finding", "pleural effusion"])["encoder_hidden_states"]
    assert torch.equal(texts(["pleural effusion"])["encoder_hidden_states"], both[1:])
    assert asked == ["no finding", "pleural effusion"]
    small = Texts(base, room=0)
    assert torch.equal(small(["no finding"])["encoder_hidden_states"], both[:1])
    small(["no finding"])
    assert asked.count("no finding") == 3
