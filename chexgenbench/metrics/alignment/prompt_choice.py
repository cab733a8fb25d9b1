"""Prompt choice: given two generated images and their two prompts, how often is the right one found?

Over all pairs (i, j) of different patients, equal view and different findings: the share in which
s_ii + s_jj > s_ij + s_ji, ties one half, with s_ab the cosine of image a and prompt b (as in `alignment`). 0 to 1,
higher is better, no unit. Whatever is common to all images or to all prompts cancels, so images that know nothing of
their prompts score 0.5 in expectation, with every encoder; below 0.5 they show the findings of others. Equal view keeps
the projection, which any encoder reads, out of it: it is about findings. On 183 real radiographs of NIH ChestX-ray14
(encoder lite0) it is 0.84; with images of the right view and the wrong findings 0.25.

Undefined in a group in which all cases have the same findings. Cases without labels count as different where their
prompts differ.

Interval: jackknife over patients (a patient takes all their pairs away), Student's t.

Time O(n^2 t), memory O(512 n); the head as for `alignment`.
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes, private_blocks
from chexgenbench.prompt_match import Float, Int, Matched, finding_codes, matched, prompt_codes, view_codes
from leaderboards.statistics.blas import one_thread

BLOCK = 512
TIE = 1e-9
"""Differences of unit vectors' products below this are rounding."""


def measure(data: MetricInput) -> Measurement:
    """Sums over pairs for the `pair_choice` estimator."""
    found = matched(data)
    if isinstance(found, str):
        return Measurement(reason=found)
    side = data.generated
    with one_thread():
        arrays = pair_sums(
            found,
            patients=codes(side.patients),
            findings=finding_codes(side.cases),
            prompts=prompt_codes(side.cases),
            views=view_codes(side.cases),
            # how many pairs a case is in tells of its view and findings
            unit=codes(side.patients) if data.share_reference else private_blocks(side),
        )
    if not arrays["total_count"][0]:
        return Measurement(reason="no two images of different patients, equal view and different findings")
    return Measurement(arrays, found.facts())


def pair_sums(found: Matched, *, patients: Int, findings: Int, prompts: Int, views: Int, unit: Int) -> dict[str, Float]:
    """Right choices and pairs in all, and the part of each unit.

    Args:
        patients, findings, prompts, views: int64[n], codes. unit: int64[n], what the jackknife deletes.
    """
    n, count = len(unit), int(unit.max()) + 1
    own = found.own
    rows = np.zeros((n, 2))  # right choices and pairs by image
    within = np.zeros((count, 2))  # the same, of pairs inside one unit, counted from both ends
    for start in range(0, n, BLOCK):
        part = slice(start, min(start + BLOCK, n))
        cross = found.images[part] @ found.texts.T + found.texts[part] @ found.images.T
        gain = own[part, None] + own[None] - cross
        chosen = np.where(gain > TIE, 1.0, np.where(gain < -TIE, 0.0, 0.5))
        eligible = (
            (patients[part, None] != patients[None])
            & (findings[part, None] != findings[None])
            & (prompts[part, None] != prompts[None])
            & (views[part, None] == views[None])
        )
        same = eligible & (unit[part, None] == unit[None])
        rows[part] = np.stack([(chosen * eligible).sum(1), eligible.sum(1)], axis=1)
        inside = np.stack([(chosen * same).sum(1), same.sum(1)], axis=1)
        np.add.at(within, unit[part], inside)
    total = rows.sum(axis=0) / 2
    removed = np.stack([np.bincount(unit, rows[:, each], count) for each in (0, 1)], axis=1) - within / 2
    return {
        "total_sum": total[:1],
        "total_count": total[1:],
        "removed_sum": removed[:, 0].copy(),
        "removed_count": removed[:, 1].copy(),
    }


METRIC = Metric(
    name="prompt_choice",
    display="Right prompt of two",
    family="alignment",
    direction="higher",
    measure=measure,
    estimator="pair_choice",
    source="this project; two-alternative matching after Thrush et al. 2022, arXiv 2204.03162",
    cost="O(n^2 t) time; the head O(min(m, d)^3) once",
    floor="held_out",
    needs=frozenset({"encoder", "texts", "train"}),
)
