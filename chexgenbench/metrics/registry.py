"""Every metric by name. A metric module has `METRIC` (v2) and, where the published one differs, `PUBLISHED` (v1)."""

from __future__ import annotations

import importlib
from types import ModuleType

from chexgenbench.metrics.base import Metric

MODULES: dict[str, str] = {
    "fid": "chexgenbench.metrics.fidelity.fid",
    "fid64": "chexgenbench.metrics.fidelity.fid64",
    "fid_sharded": "chexgenbench.metrics.fidelity.fid_sharded",
    "frd": "chexgenbench.metrics.fidelity.frd",
    "kid": "chexgenbench.metrics.fidelity.kid",
    "mmd_rbf": "chexgenbench.metrics.fidelity.mmd_rbf",
    "permutation_p": "chexgenbench.metrics.fidelity.permutation_p",
    "precision": "chexgenbench.metrics.fidelity.precision",
    "recall": "chexgenbench.metrics.fidelity.recall",
    "density": "chexgenbench.metrics.fidelity.density",
    "coverage": "chexgenbench.metrics.fidelity.coverage",
    "vendi": "chexgenbench.metrics.fidelity.vendi",
    "fld": "chexgenbench.metrics.fidelity.fld",
    "inception_score": "chexgenbench.metrics.fidelity.inception_score",
    "ms_ssim_diversity": "chexgenbench.metrics.fidelity.ms_ssim_diversity",
    "alignment": "chexgenbench.metrics.alignment.alignment",
    "prompt_choice": "chexgenbench.metrics.alignment.prompt_choice",
    "retrieval": "chexgenbench.metrics.alignment.retrieval",
    "prompt_cut": "chexgenbench.metrics.alignment.prompt_cut",
    "label_consistency": "chexgenbench.metrics.alignment.label_consistency",
    "copy_rate": "chexgenbench.metrics.memorisation.copy_rate",
    "nn_distance": "chexgenbench.metrics.memorisation.nn_distance",
    "nn_ratio": "chexgenbench.metrics.memorisation.nn_ratio",
    "ct_score": "chexgenbench.metrics.memorisation.ct_score",
    "authpct": "chexgenbench.metrics.memorisation.authpct",
    "fld_gap": "chexgenbench.metrics.memorisation.fld_gap",
    "mifid": "chexgenbench.metrics.memorisation.mifid",
    "mia_auroc": "chexgenbench.metrics.memorisation.mia_auroc",
    "mia_tpr": "chexgenbench.metrics.memorisation.mia_tpr",
    "exposure": "chexgenbench.metrics.memorisation.exposure",
    "extraction": "chexgenbench.metrics.memorisation.extraction",
    "noise_norm": "chexgenbench.metrics.memorisation.noise_norm",
    "reid": "chexgenbench.metrics.privacy.reid",
    "reid_rate": "chexgenbench.metrics.privacy.reid_rate",
    "reid_avg": "chexgenbench.metrics.privacy.reid_avg",
    "reid_max": "chexgenbench.metrics.privacy.reid_max",
    "reid_count": "chexgenbench.metrics.privacy.reid_count",
    "latent_distance": "chexgenbench.metrics.privacy.latent_distance",
    "pixel_distance": "chexgenbench.metrics.privacy.pixel_distance",
    "utility_auroc": "chexgenbench.metrics.utility.utility_auroc",
    "utility_auprc": "chexgenbench.metrics.utility.utility_auprc",
    "utility_f1_macro": "chexgenbench.metrics.utility.utility_f1_macro",
    "utility_f1_micro": "chexgenbench.metrics.utility.utility_f1_micro",
    "utility_accuracy": "chexgenbench.metrics.utility.utility_accuracy",
    "utility_ece": "chexgenbench.metrics.utility.utility_ece",
    "utility_gap": "chexgenbench.metrics.utility.utility_gap",
    "utility_dice": "chexgenbench.metrics.utility.utility_dice",
    "report_label_f1": "chexgenbench.metrics.utility.report_label_f1",
    "report_bleu1": "chexgenbench.metrics.utility.report_bleu1",
    "report_bleu4": "chexgenbench.metrics.utility.report_bleu4",
    "report_rouge_l": "chexgenbench.metrics.utility.report_rouge_l",
    "report_chexbert": "chexgenbench.metrics.utility.report_chexbert",
    "report_radgraph": "chexgenbench.metrics.utility.report_radgraph",
    "report_bertscore": "chexgenbench.metrics.utility.report_bertscore",
    "report_ratescore": "chexgenbench.metrics.utility.report_ratescore",
    "report_green": "chexgenbench.metrics.utility.report_green",
}
"""Metric name -> module."""


def module_of(name: str) -> ModuleType:
    """The module that defines a metric.

    Raises:
        KeyError: unknown name.
    """
    return importlib.import_module(MODULES[name])


def find(name: str, protocol: str = "v2") -> Metric | None:
    """The metric of this name under a protocol; None if the protocol does not have it.

    A module that defines only `PUBLISHED` exists in v1 alone; one that defines only `METRIC` and is listed by the
    published protocol is the same in both.
    """
    module = module_of(name)
    if protocol == "v1":
        metric: Metric | None = getattr(module, "PUBLISHED", None) or getattr(module, "METRIC", None)
        return metric
    return getattr(module, "METRIC", None)
