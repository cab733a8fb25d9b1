from collections import Counter

import pytest
from toy_split import FINDINGS, toy

from data_splits.errors import UserError
from model_adapters.generators.label_shuffler import build
from model_adapters.protocols import GenerationRequest


def test_findings_are_wrong_and_the_view_is_right() -> None:
    data = toy()
    adapter = build(data.context())
    for draw in range(5):
        requests = data.requests(draw)
        for request, image in zip(requests, adapter.generate(requests), strict=True):
            asked, shown = data.split.cases("test")[int(request.case_id[1:])], data.case(image)
            assert shown.view == asked.view
            assert not any(asked.labels[name] == shown.labels[name] == 1 for name in FINDINGS)


def test_wrong_images_are_spread_evenly() -> None:
    data = toy()
    requests = [GenerationRequest("e00", "", seed) for seed in range(800)]
    counts = Counter(data.case(image).id for image in build(data.context()).generate(requests))
    assert len(counts) == 8 and max(counts.values()) < 150


def test_needs_two_sets_of_labels() -> None:
    with pytest.raises(UserError, match="two different sets"):
        build(toy(labels=False).context())
