from pathlib import Path

import numpy as np
import pytest
from signs import stage_of

from data_splits.errors import UserError
from model_adapters.methods.steel import candidates
from model_adapters.methods.steel.candidates import write_candidates
from model_adapters.methods.steel.diffusion import Diffusion, denoiser
from model_adapters.methods.steel.vectors import VectorFile, moments

HOW = Diffusion(noise_steps=4, train_steps=1, batch=4, rate=1e-3, width=8, save_every=1, seed=0)


def zoo_of(folder: Path, count: int = 40) -> VectorFile:
    file = VectorFile(folder / "zoo.f32", 3)
    file.write(0, (np.random.default_rng(0).standard_normal((count, 3)) * [1, 3, 9] + [0, 5, -5]).astype(np.float32))
    return file


@pytest.mark.parametrize("kind", ["diffusion", "gaussian"])
def test_the_first_of_a_longer_list_are_the_shorter_one_and_blocks_are_kept(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoo, network = zoo_of(tmp_path), denoiser(3, HOW)
    monkeypatch.setattr(candidates, "BLOCK", 20)
    short, long = (VectorFile(tmp_path / f"{count}.f32", 3) for count in (30, 50))
    told: list[int] = []
    write_candidates(kind, 30, zoo, moments(zoo), network, HOW, short, stage_of(tmp_path / "c", told=told))
    write_candidates(kind, 50, zoo, moments(zoo), network, HOW, long, stage_of(tmp_path / "d"))
    assert (len(short), len(long), told) == (30, 50, [1, 2])
    assert (long.rows(0, 30) == short.rows(0, 30)).all() and candidates.block_count(30) == 2
    write_candidates(kind, 30, zoo, moments(zoo), network, HOW, short, stage_of(tmp_path / "c", told=told))
    assert told == [1, 2]


def test_the_control_has_the_zoos_moments(tmp_path: Path) -> None:
    zoo, drawn = zoo_of(tmp_path, 400), VectorFile(tmp_path / "g.f32", 3)
    known = moments(zoo)
    write_candidates("gaussian", 2000, zoo, known, None, HOW, drawn, stage_of(tmp_path / "c"))
    rows = drawn.rows(0, 2000)
    assert (np.abs(rows.mean(axis=0) - known.mean) < 4 * known.deviation / np.sqrt(2000)).all()
    assert (np.abs(rows.std(axis=0) / known.deviation - 1) < 0.08).all()


def test_the_zoo_itself_is_taken_without_repeats_and_no_further(tmp_path: Path) -> None:
    zoo, drawn = zoo_of(tmp_path), VectorFile(tmp_path / "z.f32", 3)
    write_candidates("zoo", 40, zoo, moments(zoo), None, HOW, drawn, stage_of(tmp_path / "c"))
    assert {tuple(row) for row in drawn.rows(0, 40)} == {tuple(row) for row in zoo.rows(0, 40)}
    assert (drawn.rows(0, 40) != zoo.rows(0, 40)).any()
    with pytest.raises(UserError, match="The zoo has 40 adapters"):
        write_candidates("zoo", 41, zoo, moments(zoo), None, HOW, drawn, stage_of(tmp_path / "c"))
