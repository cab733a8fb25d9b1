"""Which control each metric must expose and which it must pass, and by what rule a result counts as exposed.

The rules look at a result alone, as a reader of the report would: its interval, its extras and its floor. They were
written after runs on the shared radiographs and on phantom cohorts of seeds 0 to 12, and changed after seeing 100 to
113 and 200 to 209; other cohorts test them (`study.SEEDS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leaderboards.records.schema import MetricResult

Flag = Callable[[MetricResult, MetricResult | None], bool]
"""(result, its floor or None) -> exposed."""

CONTROLS: dict[str, tuple[str, dict[str, str]]] = {
    "memoriser": ("memoriser", {}),
    "noisy-memoriser": ("noisy-memoriser", {}),
    "copier-20": ("copier", {"share": "0.2"}),
    "perfect": ("phantom-painter", {"size": "128"}),
    "real-holdout": ("real-holdout", {}),
    "label-shuffler": ("label-shuffler", {}),
    "constant": ("constant", {}),
}
"""Name in the table -> generator and its options. perfect paints a new patient of the phantom world for every request.
(Showing real images of patients whom nobody saw, as copier does at share 0, is no such thing: the pool ends, and images
that come twice are seen by the tests of equal distributions.) real-holdout shows training images of other patients, so
a search of the training set must find them, and only what asks about the prompted patient must not."""


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes:
        metric: full name. words: when a result counts as exposed. flag: the same as a function.
        alarm: the share of runs in which a control without the fault may be exposed by chance, as the rule claims it;
            None where not to be exposed is what takes evidence.
        exposes, passes: controls; what is in neither is not asserted.
        note: why a control that one would expect is not asserted.
    """

    metric: str
    words: str
    flag: Flag
    alarm: float | None
    exposes: tuple[str, ...]
    passes: tuple[str, ...]
    note: str = ""


def _low_above(limit: float) -> Flag:
    return lambda result, _: result.low is not None and result.low > limit


def _extra_above(name: str, limit: float) -> Flag:
    return lambda result, _: result.extra.get(name, limit) > limit


def _extra_below(name: str, limit: float) -> Flag:
    return lambda result, _: result.extra.get(name, limit) < limit


def _not_above_chance(result: MetricResult, _: MetricResult | None) -> bool:
    return result.low is None or result.low <= 0.5


def _below_floor(result: MetricResult, floor: MetricResult | None) -> bool:
    """The whole interval lies below that of real images (or the value, where an interval is undefined)."""
    assert floor is not None
    high = result.high if result.high is not None else result.value
    low = floor.low if floor.low is not None else floor.value
    assert high is not None
    assert low is not None
    return high < low


def _above_floor(result: MetricResult, floor: MetricResult | None) -> bool:
    assert floor is not None
    low = result.low if result.low is not None else result.value
    high = floor.high if floor.high is not None else floor.value
    assert low is not None
    assert high is not None
    return low > high


def _at_most(limit: float) -> Flag:
    return lambda result, _: result.value is not None and result.value <= limit


def _at_least(limit: float) -> Flag:
    return lambda result, _: result.value is not None and result.value >= limit


def _within_chance(result: MetricResult, _: MetricResult | None) -> bool:
    """The interval does not lie above what guessing gives."""
    return result.low is None or result.low <= result.extra["chance"]


COPIES = ("memoriser", "copier-20")
HONEST = ("perfect", "constant")
REAL = ("perfect", "real-holdout")
"""Real images that fit the prompt: nothing but a search of the training set has a complaint."""
WRONG = ("label-shuffler", "constant")
NOBODY: tuple[str, ...] = ()

TAIL, NEVER = 0.025, 0.0
"""Claimed rates of false alarm: of one end of a 95 % interval; of a limit that is far off."""

ABOVE = ("interval (or value) above that of real images", _above_floor, TAIL)
BELOW = ("interval (or value) below that of real images", _below_floor, TAIL)
CHANCE = ("interval not above 0.5", _not_above_chance, None)
COPIED = ("`copies_low` above 0", _extra_above("copies_low", 0.0), TAIL)
NEARER = ("`above_real_high` below 0", _extra_below("above_real_high", 0.0), TAIL)
RECOGNISED = ("`minimum_above_controls_high` below 0", _extra_below("minimum_above_controls_high", 0.0), TAIL)
MEMBER = ("interval above 0.5", _low_above(0.5), TAIL)
WORSE = ("`tstr_minus_trtr_high` below 0", _extra_below("tstr_minus_trtr_high", 0.0), TAIL)

SMALL = (
    "to pass: where the distance has no interval, values are compared, and of two for equal sets either may be larger"
)

RULES: tuple[Rule, ...] = (
    # Fidelity and diversity
    Rule("fid64_lite0", *ABOVE, ("noisy-memoriser",), NOBODY, SMALL),
    Rule("fid_lite0", *ABOVE, ("noisy-memoriser", "constant"), NOBODY, SMALL),
    Rule("kid_lite0", *ABOVE, ("noisy-memoriser", "constant"), REAL),
    Rule("mmd_rbf_lite0", *ABOVE, ("noisy-memoriser",), REAL),
    Rule(
        "permutation_p_lite0",
        "p at most 0.01",
        _at_most(0.01),
        0.01,
        ("noisy-memoriser", "constant"),
        ("perfect",),
        "perfect gave p at most 0.01 in 3 of 13 earlier cohorts (100, 111, 113), in none of 10 more, where 1 % is "
        "claimed. No fault was found in the test (it holds its level when only the real images of a patient depend on "
        "each other, simulated) nor in the painter (p 0.88 on 800 other patients; of 300 overlapping draws of 80 of "
        "them none gave p at most 0.01, 4 % at most 0.05), so it is asserted; that was decided when one of these 20 "
        "cohorts had been seen. real-holdout shows several images of each of its patients, for different prompts, "
        "which the test takes for different patients",
    ),
    Rule("precision_lite0", *BELOW, ("noisy-memoriser", "constant"), REAL),
    Rule("recall_lite0", *BELOW, ("constant",), REAL),
    Rule("density_lite0", *BELOW, ("noisy-memoriser", "constant"), REAL),
    Rule("coverage_lite0", *BELOW, ("noisy-memoriser", "constant"), REAL),
    Rule("vendi_lite0", "at most 1.5", _at_most(1.5), NEVER, ("constant",), REAL),
    Rule("fld_lite0", "at least 20", _at_least(20.0), NEVER, ("noisy-memoriser", "constant"), REAL),
    Rule("inception_score_lite0", "at most 1.05", _at_most(1.05), NEVER, ("constant",), REAL),
    Rule("ms_ssim_diversity", "at least 0.99", _at_least(0.99), NEVER, ("constant",), REAL),
    Rule("frd_radiomics", *ABOVE, ("noisy-memoriser",), NOBODY, SMALL),
    # Alignment
    Rule("alignment_lite0", *BELOW, WRONG, ("memoriser",)),
    Rule("prompt_choice_lite0", *CHANCE, WRONG, ("memoriser", *REAL)),
    Rule("retrieval_lite0", "interval not above chance", _within_chance, None, WRONG, ("memoriser",)),
    Rule("label_consistency_lite0", *CHANCE, WRONG, ("memoriser", *REAL)),
    # Privacy
    Rule("reid_lite0", "interval above 0", _low_above(0.0), TAIL, ("memoriser",), (*HONEST, "real-holdout")),
    Rule("reid_rate_lite0", "interval above 0.5", _low_above(0.5), TAIL, ("memoriser",), (*HONEST, "real-holdout")),
    Rule("latent_distance_lite0", *RECOGNISED, ("memoriser",), ("perfect",)),
    Rule("pixel_distance_grey64", *RECOGNISED, ("memoriser", "noisy-memoriser"), ("perfect",)),
    # Memorisation
    Rule(
        "copy_rate_grey64",
        "interval above 0",
        _low_above(0.0),
        TAIL,
        (*COPIES, "noisy-memoriser", "real-holdout"),
        HONEST,
    ),
    Rule("extraction_grey64", *COPIED, ("memoriser", "noisy-memoriser"), HONEST),
    Rule("nn_distance_lite0", *NEARER, ("memoriser",), ("perfect",)),
    Rule("nn_distance_grey64", *NEARER, ("memoriser", "noisy-memoriser"), ("perfect",)),
    Rule("nn_ratio_lite0", *COPIED, ("memoriser", "real-holdout"), HONEST),
    Rule("nn_ratio_grey64", *COPIED, ("memoriser", "noisy-memoriser", "real-holdout"), HONEST),
    Rule("ct_score_lite0", "`p_copying` below 0.01", _extra_below("p_copying", 0.01), 0.01, ("memoriser",), HONEST),
    Rule("ct_score_grey64", "`p_copying` below 0.01", _extra_below("p_copying", 0.01), 0.01, ("memoriser",), HONEST),
    Rule("authpct_lite0", *NEARER, ("memoriser", "real-holdout"), ("perfect",)),
    Rule("authpct_grey64", *NEARER, ("memoriser", "real-holdout"), ("perfect",)),
    Rule("fld_gap_lite0", "at most -20", _at_most(-20.0), NEVER, ("memoriser", "real-holdout"), ("perfect",)),
    Rule(
        "mifid_lite0",
        "`penalty` below 0.9",
        _extra_below("penalty", 0.9),
        NEVER,
        ("memoriser", "real-holdout"),
        ("perfect",),
    ),
    Rule("mia_auroc_lite0", *MEMBER, ("memoriser",), HONEST),
    Rule("mia_auroc_grey64", *MEMBER, ("memoriser", "noisy-memoriser"), HONEST),
    Rule("mia_tpr_lite0", *COPIED, ("memoriser",), HONEST),
    Rule("mia_tpr_grey64", *COPIED, ("memoriser", "noisy-memoriser"), HONEST),
    Rule("exposure_lite0", *COPIED, COPIES, (*HONEST, "real-holdout")),
    Rule("exposure_grey64", *COPIED, (*COPIES, "noisy-memoriser"), (*HONEST, "real-holdout")),
    # Utility
    Rule("utility_auroc_lite0", *WORSE, WRONG, ("memoriser",)),
    Rule("utility_auprc_lite0", *WORSE, WRONG, ("memoriser",)),
    Rule("utility_f1_macro_lite0", *WORSE, ("constant",), ("memoriser",)),
    Rule("utility_f1_micro_lite0", *WORSE, ("constant",), ("memoriser",)),
    Rule("utility_accuracy_lite0", *WORSE, WRONG, ("memoriser",)),
    Rule("report_label_f1_lite0", *WORSE, ("label-shuffler",), ("memoriser",)),
    Rule(
        "report_rouge_l_lite0",
        *WORSE,
        NOBODY,
        ("memoriser",),
        "label-shuffler had to be exposed until this study, where it was in 17 of 20 cohorts and 18 are asked for, so "
        "the assertion failed and was taken back. It cost 0.02 to 0.10 of 0.28 to 0.35 in every cohort, real-holdout "
        "-0.01 to 0.06: as with BLEU, most words of a wrong report are those of a right one. `report_label_f1` is the "
        "metric that has to see it",
    ),
    Rule(
        "report_bleu1_lite0",
        *WORSE,
        NOBODY,
        ("memoriser",),
        "label-shuffler: a report of the wrong findings has most of its words in common with the right one. It cost "
        "0.00 to 0.06 of 0.38 in nine cohorts; real-holdout, whose findings are right, cost -0.02 to 0.07. BLEU-1 does "
        "not see findings here; `report_label_f1` does",
    ),
    Rule(
        "report_bleu4_lite0",
        *WORSE,
        NOBODY,
        ("memoriser",),
        "label-shuffler: it cost 0.01 to 0.06 of 0.14 in nine cohorts, real-holdout -0.01 to 0.05: wording weighs as "
        "much as findings",
    ),
)

NO_CONTROL: dict[str, str] = {
    "utility_ece": "no control is known to be badly calibrated and otherwise good",
    "utility_gap": "no control treats subgroups differently",
    "utility_dice": "a segmenter takes a minute to train; its own tests plant copies and constants",
    "prompt_cut": "no control reads prompts through a text encoder",
    "noise_norm": "no control is a diffusion model; the embedded generator has to pass (test_noise_norm)",
}
"""Metrics of the quick protocol without a row, and why."""


def results_of(results: list[MetricResult]) -> dict[str, tuple[MetricResult, MetricResult | None]]:
    """Full metric name -> (raw result, floor) of the overall group."""
    overall = {(each.metric, each.variant): each for each in results if each.group == "overall"}
    return {name: (each, overall.get((name, "floor"))) for (name, kind), each in overall.items() if kind == "raw"}


def exposed(rule: Rule, results: list[MetricResult]) -> bool | None:
    """Whether a run's results are exposed by a rule; None where the metric is undefined.

    Raises:
        KeyError: the run does not have the metric.
    """
    result, floor = results_of(results)[rule.metric]
    return None if result.value is None else rule.flag(result, floor)
