"""The embedded generator: the same picture in any company, pinned weights, and prompts that matter."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.generators import embedded
from model_adapters.generators.embedded_pins import WEIGHT_HASHES
from model_adapters.protocols import BuildContext, GenerationRequest

if TYPE_CHECKING:
    from model_adapters.generators.embedded import Embedded

NORMAL = "PA chest radiograph of a 40 year old man. No acute findings."
EFFUSION = "AP view, 70 year old female. There is a large right pleural effusion."
CARDIOMEGALY = "PA radiograph of a man aged 60. Severe cardiomegaly."


@pytest.fixture(scope="module")
def generator() -> Embedded:
    return embedded.build(BuildContext(options={"steps": 4}))


def request(prompt: str, seed: int) -> GenerationRequest:
    return GenerationRequest(f"case-{seed}", prompt, seed)


def test_the_weights_that_ship_are_small_and_the_pinned_ones() -> None:
    files = [path for path in embedded.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 20_000_000
    assert {path.relative_to(embedded.FOLDER).as_posix() for path in files} == {*WEIGHT_HASHES, "facts.json"}
    assert not [path for path in files if path.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl")]
    assert embedded.verified_hashes(embedded.FOLDER) == WEIGHT_HASHES
    assert embedded.card().weight_hashes == WEIGHT_HASHES


def test_changed_or_missing_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "weights"
    shutil.copytree(embedded.FOLDER, copy)
    monkeypatch.setattr(embedded, "FOLDER", copy)
    scheduler = copy / "scheduler/scheduler_config.json"
    scheduler.write_text(scheduler.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(UserError, match="scheduler_config"):
        embedded.build(BuildContext())
    scheduler.unlink()
    with pytest.raises(UserError, match="lacks"):
        embedded.build(BuildContext())


def test_a_prompt_that_is_cut_is_counted(generator: Embedded) -> None:
    """What lies beyond the limit changes nothing; what lies before it does."""
    limit = generator._text.config.max_position_embeddings
    told = generator.annotate(request(NORMAL, 1))
    assert not told["truncated"] and 3 < told["tokens"] < limit
    words = "effusion " * (limit + 9)
    assert generator.annotate(request(words, 1)) == {"tokens": limit + 9 + 2, "truncated": True}
    one, other = generator.generate([request(words + tail, 1) for tail in ("", "pneumothorax")])
    assert np.array_equal(one, other)


def test_a_picture_depends_on_prompt_and_seed_alone(generator: Embedded) -> None:
    requests = [request((NORMAL, EFFUSION, CARDIOMEGALY)[i % 3], 7 * i) for i in range(11)]
    together = generator.generate(requests)
    assert all(image.shape == (128, 128) and image.dtype == np.uint8 for image in together)
    order = [10, 3, 0, 7]
    for index, image in zip(order, generator.generate([requests[i] for i in order]), strict=True):
        np.testing.assert_array_equal(image, together[index])
    np.testing.assert_array_equal(generator.generate([requests[4]])[0], together[4])
    again = embedded.build(BuildContext(options={"steps": 4})).generate(requests[:2])
    np.testing.assert_array_equal(again[1], together[1])
    assert not np.array_equal(*generator.generate([request(NORMAL, 1), request(NORMAL, 2)]))


def test_the_number_of_threads_changes_no_bit_and_is_left_alone(generator: Embedded) -> None:
    import torch

    before = torch.get_num_threads()
    requests = [request(EFFUSION, seed) for seed in range(6)]
    try:
        drawn = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            drawn.append(np.stack(generator.generate(requests)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*drawn)


def test_it_is_what_the_standard_pipeline_draws(generator: Embedded) -> None:
    """diffusers' own StableDiffusionPipeline, from the same folder and noise, gives the same picture."""
    import torch
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(embedded.FOLDER, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn((4, 16, 16), generator=torch.Generator().manual_seed(5))[None]
    theirs = pipeline(
        EFFUSION, latents=noise, num_inference_steps=4, guidance_scale=embedded.GUIDANCE, output_type="np"
    ).images[0, ..., 0]
    ours = generator.generate([request(EFFUSION, 5)])[0]
    assert np.abs(theirs * 255 - ours).max() <= 1.0


def test_findings_show_where_they_belong(generator: Embedded) -> None:
    """Whitening against a normal chest of the same seeds: a right effusion at the right base (left in the picture), a
    large heart left of the midline (right in the picture)."""

    def mean_picture(finding: str) -> np.ndarray:
        prompt = f"PA view, 60 year old male. {finding}."
        return np.stack(generator.generate([request(prompt, seed) for seed in range(8)])).mean(0)

    plain = mean_picture("Normal chest")
    right_base, left_base = np.s_[64:88, 24:48], np.s_[64:88, 80:104]
    fluid = mean_picture("Large right pleural effusion") - plain
    heart = mean_picture("Severe cardiomegaly") - plain
    assert fluid[right_base].mean() > fluid[left_base].mean() + 10
    assert heart[left_base].mean() > heart[right_base].mean() + 20


def test_the_text_of_a_prompt_that_is_cut_off_is_not_logged(
    generator: Embedded, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The standard pipeline logs what it cuts off; a prompt may be credentialed."""
    long = request("clear lungs " * 60 + "canaryword", 1)
    assert generator.generate([long])[0].shape == (128, 128)
    output = capfd.readouterr()
    assert "canaryword" not in caplog.text + output.out + output.err


@pytest.mark.parametrize("options", [{"steps": 0}, {"step": 5}, {"guidance": "much"}])
def test_wrong_options_are_told(options: dict[str, object]) -> None:
    with pytest.raises(UserError):
        embedded.build(BuildContext(options=options))
