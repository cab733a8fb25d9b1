"""v1, the benchmark as published (arXiv 2505.10496 and its code), quirks included, to compare with published numbers.

Source of every quirk: the official code as described in the project's reference notes, sections 1.3 and 2.1.
"""

from __future__ import annotations

from chexgenbench.protocols.base import MetricUse, Preset, Protocol, assert_known

QUIRKS = (
    "Every image is squashed to 299 x 299 pixels first; RAD-DINO then enlarges that to 518.",
    "The reference holds one real image a distinct prompt; generated images are not de-duplicated, so sizes differ.",
    "One global seed of 42: an image depends on the batch it was drawn in, so generation itself is not reproduced; "
    "v1 scores images drawn with per-sample seeds.",
    "An unreadable image became a black image and was scored; here it stops the run.",
    "Precision, recall, density and coverage use k = 5. Nothing was published with an interval.",
)


def protocol(preset: Preset) -> Protocol:
    """The published encoders and metrics; `quick` only cuts the number of cases, and its numbers are for trial runs."""
    rad_dino = ("fid", "fid_sharded", "kid", "precision", "recall", "density", "coverage")
    uses = [MetricUse(metric, "rad-dino") for metric in rad_dino]
    uses += [MetricUse(metric, "inception") for metric in ("fid", "kid", "inception_score")]
    uses += [MetricUse("frd", "radiomics"), MetricUse("alignment", "biovil-t")]
    uses += [MetricUse(metric, "siamese-reid") for metric in ("reid_avg", "reid_max", "reid_count")]
    uses += [MetricUse("latent_distance", "rad-dino"), MetricUse("pixel_distance"), MetricUse("extraction")]
    uses += [MetricUse(f"utility_{metric}") for metric in ("auroc", "f1_macro", "f1_micro", "accuracy")]
    reports = ("bleu1", "bleu4", "rouge_l", "chexbert", "radgraph")
    uses += [MetricUse(f"report_{metric}", "rad-dino") for metric in reports]
    return Protocol(
        name="v1",
        preset=preset,
        encoders=("rad-dino", "inception", "radiomics", "biovil-t", "siamese-reid"),
        uses=assert_known(tuple(uses)),
        headline=("fid", "kid", "precision", "recall", "density", "coverage"),
        max_cases=400 if preset == "quick" else None,
        max_train=0,
        draw_prompts=0,
        draws=10,
        probe_prompts=60 if preset == "quick" else 2000,
        max_synthetic=400 if preset == "quick" else 20_000,
        max_corpus=0,
        unique_prompts=True,
        matched=False,
        floor=False,
        settings="v1",
        quirks=QUIRKS,
    )
