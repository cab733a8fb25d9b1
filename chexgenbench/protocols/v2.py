"""v2, the corrected protocol and the default: unbiased estimators, intervals, floors, one image per test case."""

from __future__ import annotations

from chexgenbench.protocols.base import MetricUse, Preset, Protocol, assert_known

FEATURE_METRICS = (
    "fid64",
    "fid",
    "kid",
    "mmd_rbf",
    "permutation_p",
    "precision",
    "recall",
    "density",
    "coverage",
    "vendi",
    "fld",
)

PIXELS = ("copy_rate", "extraction", "pixel_distance")
"""Metrics that compare the images themselves."""

SEARCHES = ("nn_distance", "nn_ratio", "ct_score", "authpct", "mia_auroc", "mia_tpr", "exposure")
"""Metrics that search the training set: by features, which see through flips, and by pixels, through noise."""

DENSITIES = ("fld_gap", "mifid")
"""Metrics of memorisation that need features which vary smoothly."""

ALIGNMENT = ("alignment", "prompt_choice", "retrieval")

UTILITY = (
    "utility_auroc",
    "utility_auprc",
    "utility_f1_macro",
    "utility_f1_micro",
    "utility_accuracy",
    "utility_ece",
    "utility_gap",
)
"""Metrics of classifiers trained on generated images: a probe on an encoder's features, or ("") a ResNet-50."""

REPORTS = ("report_label_f1", "report_bleu1", "report_bleu4", "report_rouge_l")
"""Metrics of report writers trained on generated images: the nearest training image's report, by an encoder."""

MODELLED_REPORTS = ("report_chexbert", "report_radgraph", "report_bertscore", "report_ratescore", "report_green")
"""The same, judged by a model whose weights the user has (`chexgenbench/text_scores/weights.py`)."""


def protocol(preset: Preset) -> Protocol:
    """quick: the encoder that installs with pip and sizes for minutes on two cores. full: every case and encoder."""
    encoders = ("lite0",) if preset == "quick" else ("rad-dino", "inception", "dinov2", "xrv-densenet", "lite0")
    aligned = ("lite0",) if preset == "quick" else ("biovil-t", "lite0")  # BioViL-T is made to compare with text
    uses = [MetricUse(metric, encoder) for encoder in encoders for metric in FEATURE_METRICS]
    uses += [MetricUse("inception_score", encoder) for encoder in encoders if encoder in ("inception", "lite0")]
    uses += [MetricUse("frd", "radiomics"), MetricUse("ms_ssim_diversity")]
    uses += [MetricUse(metric, encoder) for encoder in aligned for metric in ALIGNMENT]
    uses.append(MetricUse("prompt_cut"))
    uses += [MetricUse("label_consistency", encoder) for encoder in encoders if encoder in ("xrv-densenet", "lite0")]
    uses += [MetricUse(metric, "grey64") for metric in PIXELS]
    recognisers = ("lite0",) if preset == "quick" else ("siamese-reid", "lite0")
    uses += [MetricUse(metric, encoder) for encoder in recognisers for metric in ("reid", "reid_rate")]
    uses += [MetricUse("latent_distance", "lite0" if preset == "quick" else "rad-dino"), MetricUse("noise_norm")]
    searched = ("lite0",) if preset == "quick" else ("rad-dino", "xrv-densenet", "lite0")
    uses += [MetricUse(metric, encoder) for encoder in (*searched, "grey64") for metric in SEARCHES]
    uses += [MetricUse(metric, encoder) for encoder in searched for metric in DENSITIES]
    taught = ("lite0",) if preset == "quick" else ("rad-dino", "lite0", "")
    uses += [MetricUse(metric, encoder) for encoder in taught for metric in UTILITY]
    uses.append(MetricUse("utility_dice", "grey64"))
    uses += [MetricUse(metric, encoder) for encoder in taught if encoder for metric in REPORTS]
    judged = ("rad-dino",) if preset == "full" else ()
    uses += [MetricUse(metric, encoder) for encoder in judged for metric in MODELLED_REPORTS]
    return Protocol(
        name="v2",
        preset=preset,
        encoders=tuple(dict.fromkeys((*encoders, "radiomics", *aligned, *recognisers, "grey64"))),
        uses=assert_known(tuple(uses)),
        headline=(
            "kid",
            "fid64",
            "coverage",
            "prompt_choice",
            "copy_rate",
            "exposure",
            "reid",
            "utility_auroc",
            "ms_ssim_diversity",
        ),
        max_cases=400 if preset == "quick" else None,
        max_train=600 if preset == "quick" else 10_000,
        draw_prompts=60 if preset == "quick" else 500,
        draws=4 if preset == "quick" else 10,
        probe_prompts=60 if preset == "quick" else 2000,
        max_synthetic=400 if preset == "quick" else 20_000,
        max_corpus=4000 if preset == "quick" else None,
    )
