"""Do reports of a writer trained on synthetic images name the right findings? F1 of labels read by rules.

A report writer is trained on images generated for training cases, with the cases' reports, and writes the report of
every real test image, greedily. A labeller reads the 14 CheXpert labels in each written report and in the report of the
image; hits (TP), false alarms (FP) and misses (FN) are added up over reports and labels,

    F1 = 2 TP / (2 TP + FP + FN),

with an uncertain mention counted as absent. From 0 to 1, higher is better, no unit. It means little alone: beside it
stand

- trtr, the same writer trained on the real images of the same cases, and tstr_minus_trtr, the paired difference: what
  the synthetic images lack. Real images generated anew score 0 on average. Its interval holds the training images
  fixed, which hardly matters for this writer: of 100 simulated sets of other real images, 8 were told apart at 95 %.
- mixed, half of the cases' real images replaced.
- .macro (mean of single labels that at least 10 reference reports state), .micro_5 and .macro_5 (Cardiomegaly, Edema,
  Consolidation, Atelectasis, Pleural Effusion), and each with `_plus`, where an uncertain mention counts as present.
- single labels, such as tstr.Edema.

The report of an image is the text it was drawn from. With an encoder in the name the writer is `nearest-report`: the
report of the training image with the nearest features. It retrieves and does not write, so low values are no surprise;
`chexgenbench reports --writer vlm-lora:CHECKPOINT` trains a vision-language model. The labeller
(chexgenbench/text_scores/finding_rules.py) knows negation and uncertainty and runs offline; the published score reads
labels with CheXbert (report_chexbert).

The interval resamples test patients, the same ones for every arm; the training images are held fixed. Reports are never
stored. Stored are hits, false alarms and misses of each test image, or of blocks of at least 20 patients where the
split is credentialed. Splits without reports: not applicable.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.text_scores.label_f1 import LABEL_F1

METRIC = Metric(
    name="report_label_f1",
    display="Report label F1",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=LABEL_F1),
    estimator="report_scores",
    source="CheXGenBench, arXiv 2505.10496; labels after CheXpert's rules: Irvin et al. 2019, arXiv 1901.07031",
    cost="O(n m d) for n test and m training images, under a millisecond a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)
