"""Utility (Dice): train on synthetic, test on real. Can a network learn anatomy's outlines from the generated images?

A generated image comes without masks. So a teacher, a small U-Net, is trained on real training images with their true
masks (of patients apart from all others here) and outlines the generated images; a second U-Net learns from those, and
its masks of the real test images are compared with the true ones: Dice 2 |A n B| / (|A| + |B|), mean over images that
show a structure, then over structures (on the phantom: lungs, heart and clavicles, each side by itself). 0 to 1, higher
is better, no unit. Beside it stand

- twin, the same network trained on the real images of the same cases, outlined by the same teacher, and
  tstr_minus_twin, the paired difference: what the synthetic images lack. Real images generated anew would score 0.
- trtr, trained on those real images with their true masks; trtr_minus_twin is what pseudo-labels cost.
- mixed, half of the twin's images replaced by synthetic ones.
- no_skill, the best single mask for all images (cut from the true training masks): what comes of not looking.
- single structures, such as tstr.heart and tstr_minus_twin.heart.

The interval resamples test patients (the same for all arms) and two trainings; teacher and training images are held
fixed. Prompts play no part: the masks are of what an image shows, so a generator that ignores its prompt may score
well. The generator has seen the training cases, so a memoriser scores like real images here.

Published (CheXGenBench v4; neither code nor numbers could be had): 3,000 real and 3,000 synthetic images, a U-Net,
masks of the 159-class segmenter CXAS. Here: the same numbers at most, 64 pixels, a U-Net of 67,000 weights that trains
in seconds, and a teacher trained on the split's own masks, so that nothing is downloaded. Where all training patients
were asked for, half of them are left to the teacher; it and each arm need 80 images. Needs a split with masks: the
phantom, or a folder with columns `mask_<structure>`.

Nine trainings of 6 epochs (300 to 3,000 steps), 8 s of one core each for 400 images; O(1000 n structures) for the
interval.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput


def measure(data: MetricInput) -> Measurement:
    """Dice of every arm by test patient."""
    from chexgenbench.utility.segmentation import measure_dice

    return measure_dice(data)


METRIC = Metric(
    name="utility_dice",
    display="Utility Dice",
    family="utility",
    direction="higher",
    measure=measure,
    estimator="segmentation",
    source="CheXGenBench, arXiv 2505.10496v4; U-Net: Ronneberger et al. 2015, arXiv 1505.04597",
    cost="nine trainings of a small U-Net, 8 s of one core each for 400 images",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "train", "synthetic", "masks"}),
    min_images=20,
)
