"""What the two protocols fix, and how a run narrows them."""

from __future__ import annotations

import pytest

from chexgenbench import protocols
from chexgenbench.metrics.registry import find
from data_splits.errors import UserError


def family(name: str) -> str:
    metric = find(name)
    assert metric is not None
    return metric.family


@pytest.mark.parametrize("name", protocols.PROTOCOLS)
@pytest.mark.parametrize("preset", ["quick", "full"])
def test_every_metric_a_protocol_lists_is_defined_in_it(name: str, preset: protocols.Preset) -> None:
    protocol = protocols.load(name, preset)
    for use in protocol.uses:
        metric = find(use.metric, protocol.settings)
        assert metric is not None, use
        assert "encoder" not in metric.needs or use.encoder, use
        # a metric of synthetic training sets trains a probe on an encoder's features, or a network without one
        assert metric.needs & {"encoder", "synthetic"} or not use.encoder, use
        assert not use.encoder or use.encoder in protocol.encoders
    assert {use.metric for use in protocol.uses} >= set(protocol.headline)


def test_hash_tells_protocols_presets_and_narrowed_runs_apart() -> None:
    v2 = protocols.load("v2")
    hashes = [
        v2.hash,
        protocols.load("v2", "full").hash,
        protocols.load("v1").hash,
        v2.narrowed(["kid"], None).hash,
        v2.narrowed(None, ["rad-dino"]).hash,
    ]
    assert len(set(hashes)) == len(hashes)
    assert v2.hash == protocols.load("v2").hash


def test_metrics_are_asked_for_by_name_full_name_or_family() -> None:
    v2 = protocols.load("v2")
    assert [use.metric for use in v2.narrowed(["kid_lite0"], None).uses] == ["kid"]
    assert v2.narrowed(["all"], None).uses == v2.uses
    fidelity = v2.narrowed(["fidelity"], None).uses
    assert {use.metric for use in fidelity} == {use.metric for use in v2.uses if family(use.metric) == "fidelity"}
    only_images = v2.narrowed(["ms_ssim_diversity"], None)
    assert only_images.encoders == (), "no encoder is loaded for a metric that needs none"
    with pytest.raises(UserError, match="did you mean coverage"):
        v2.narrowed(["covrage"], None)


def test_an_encoder_keeps_its_own_metrics_and_a_new_one_gets_all() -> None:
    v1 = protocols.load("v1", "full")
    inception = {use.metric for use in v1.narrowed(None, ["inception"]).uses if use.encoder}
    assert inception == {"fid", "kid", "inception_score"}
    assert {use.metric for use in v1.narrowed(None, ["lite0"]).uses} == {use.metric for use in v1.uses}


def test_published_protocol_repeats_its_choices() -> None:
    v1 = protocols.load("v1", "full")
    assert v1.unique_prompts and not v1.floor and not v1.matched and v1.max_cases is None and v1.settings == "v1"
    assert len(v1.quirks) >= 4
    assert find("kid", "v1") is not find("kid", "v2")
    assert find("fid_sharded", "v2") is None
