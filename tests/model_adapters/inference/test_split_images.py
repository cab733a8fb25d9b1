from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_splits.case import Case
from data_splits.sources import load_split
from data_splits.split import GreyImage, Split
from model_adapters.inference import split_images
from model_adapters.inference.split_images import SplitImages


@pytest.fixture
def counted() -> tuple[Split, list[str]]:
    """A small phantom, and the ids of the cases that were rendered."""
    split = load_split("phantom")
    rendered: list[str] = []

    def read(case: Case) -> GreyImage:
        rendered.append(case.id)
        return split.read_image(case)

    return replace(split, read_image=read), rendered


def test_a_second_encoder_decodes_nothing_again(counted: tuple[Split, list[str]], tmp_path: Path) -> None:
    split, rendered = counted
    cases = split.cases(split.evaluation)[:3]
    images = SplitImages(split, tmp_path)
    first = [(digest, load()) for digest, load in images.items(cases)]
    second = [(digest, load()) for digest, load in images.items(cases)]
    assert sorted(rendered) == sorted(case.id for case in cases)
    assert [digest for digest, _ in first] == [digest for digest, _ in second]
    assert all((one == other).all() for (_, one), (_, other) in zip(first, second, strict=True))


def test_what_does_not_fit_is_decoded_again(
    counted: tuple[Split, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split, rendered = counted
    cases = split.cases(split.evaluation)[:3]
    monkeypatch.setattr(split_images, "KEPT_BYTES", split.read_image(cases[0]).nbytes)
    rendered.clear()
    images = SplitImages(split, tmp_path)
    for _ in range(2):
        for _, load in images.items(cases):
            load()
    assert rendered.count(cases[0].id) == 1
    assert rendered.count(cases[1].id) == rendered.count(cases[2].id) == 2
