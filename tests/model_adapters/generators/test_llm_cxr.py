from pathlib import Path

import numpy as np
import pytest
from pipeline_checks import REQUESTS
from tiny_diffusers import save_llm_cxr

from data_splits.errors import UserError
from model_adapters.check import check_generator
from model_adapters.generators import GENERATORS, llm_cxr
from model_adapters.protocols import BuildContext, GenerationRequest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llm_cxr(tmp_path_factory.mktemp("llm_cxr") / "tiny")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> llm_cxr.LlmCxr:
    return llm_cxr.build(BuildContext(target=str(folder)))


def test_keeps_the_contract(adapter: llm_cxr.LlmCxr) -> None:
    assert not [check for check in check_generator(adapter, REQUESTS) if check.passed is False]
    assert adapter.generate(REQUESTS[:1])[0].shape == (64, 64, 3)
    assert set(adapter.card.weight_hashes) == {
        "llm/model.safetensors",
        "vqgan/diffusion_pytorch_model.safetensors",
    }
    assert adapter.card.settings["image_tokens"] == 64


def test_a_report_beyond_the_context_is_cut_and_counted(adapter: llm_cxr.LlmCxr) -> None:
    assert [adapter.annotate(each)["truncated"] for each in REQUESTS] == [False, False, True]
    ids = adapter._prompt_ids(REQUESTS[2].prompt)
    assert ids.shape == (1, 512 - 64)
    answer = adapter._tokenizer("### Response:", add_special_tokens=False).input_ids
    assert answer[0] in ids[0, -len(answer) - 4 :].tolist(), "the cut leaves the place where the answer begins"


def test_the_top_p_rule() -> None:
    import torch

    logits = torch.log(torch.tensor([0.5, 0.1, 0.3, 0.1]))
    drawn = [llm_cxr.sampled(logits, 0.75, torch.Generator().manual_seed(seed)) for seed in range(400)]
    assert set(drawn) == {0, 2}, "0.5 and 0.3 are the fewest that reach 0.75"
    assert np.mean(np.array(drawn) == 0) == pytest.approx(0.625, abs=0.08)
    assert {llm_cxr.sampled(logits, 1.0, torch.Generator().manual_seed(seed)) for seed in range(400)} == {0, 1, 2, 3}


def test_only_a_smaller_top_p_makes_images_alike(folder: Path) -> None:
    greedy = llm_cxr.build(BuildContext(target=str(folder), options={"top_p": 1e-9}))
    one, other = greedy.generate([GenerationRequest("c", "no finding", seed) for seed in (1, 2)])
    assert (one == other).all()


def test_what_is_missing_is_told_in_plain_words(folder: Path, tmp_path: Path) -> None:
    lacking = GENERATORS.requirements("llm-cxr", BuildContext())
    assert [each.what for each in lacking[:2]] == ["LLM-CXR's llm as safetensors", "LLM-CXR's vqgan as safetensors"]
    assert "converted" in lacking[0].how
    with pytest.raises(UserError, match="No folder at"):
        llm_cxr.build(BuildContext(target="/no/such/folder"))
    with pytest.raises(UserError, match="top_p is above 0"):
        llm_cxr.build(BuildContext(target=str(folder), options={"top_p": 1.5}))
    mixed = save_llm_cxr(tmp_path / "mixed", codes=5)
    (mixed / "vqgan").rename(mixed / "small")
    (folder / "vqgan").rename(mixed / "vqgan")
    try:
        with pytest.raises(UserError, match="do not belong together"):
            llm_cxr.build(BuildContext(target=str(mixed)))
    finally:
        (mixed / "vqgan").rename(folder / "vqgan")
