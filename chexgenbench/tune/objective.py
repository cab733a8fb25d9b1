"""What a fine-tuned generator is worth: fidelity and memorisation by the benchmark's own stages, on a small plan.

A method that needs a score is handed this by the command that runs it; the method itself knows no metric. Every answer
is an ordinary run folder with its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.split import Split

if TYPE_CHECKING:
    from chexgenbench.plan import Plan
    from chexgenbench.run_folder import RunConfig
    from leaderboards.records.schema import MetricResult, ResultRecord

FIDELITY = "kid_lite0"
MEMORISATION = "mia_auroc_grey64"
BESIDE = ("nn_ratio_grey64", "extraction_grey64", "noise_norm")
"""Measured and recorded beside the two objectives."""


@dataclass(frozen=True)
class Sizes:
    """How many images an answer rests on.

    Attributes:
        cases: evaluated prompts, one image each. controls: of these, drawn `draws` times: held-out prompts.
        probes: training images whose prompts are drawn `draws` times, one a patient. draws: `extraction` needs 3.
    """

    cases: int = 60
    controls: int = 24
    probes: int = 24
    draws: int = 3


@dataclass(frozen=True)
class Objective:
    """Scores a generator on a split.

    Attributes:
        split: NAME or NAME:PATH. split_options: of it. metrics: full names, `FIDELITY` and `MEMORISATION` say.
        sizes: of the plan. seed: run seed of every answer: two generators draw from the same noise.
        model_options: of the generator's adapter, such as {"steps": "8"}. cache: of features.
    """

    split: str
    split_options: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = (FIDELITY, MEMORISATION, *BESIDE)
    sizes: Sizes = field(default_factory=Sizes)
    seed: int = 42
    model_options: Mapping[str, str] = field(default_factory=dict)
    cache: str | None = None
    device: str = "cpu"
    shared: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def loaded(self) -> Split:
        """The split, loaded once."""
        from data_splits.sources import load_split

        return load_split(self.split, **self.split_options)

    def __call__(self, model: str, folder: Path) -> ResultRecord:
        """Draw, extract and score, or go on where an earlier call in `folder` was killed.

        Args:
            model: as after `--model`: a name, or the folder of a checkpoint.

        Raises:
            UserError: a metric or split that does not exist, or a folder that holds another run.
        """
        from chexgenbench.plan import resolve
        from chexgenbench.run_folder import RunFolder
        from chexgenbench.stages import extract, generate, score
        from leaderboards.records.io import RECORD_FILE, read_record

        config = self._config(model)
        plan = resolve(config, self.loaded, self._protocol(config))
        run = RunFolder(folder)
        run.open(config)
        if (folder / RECORD_FILE).exists():
            record = read_record(folder)
            if record.protocol_hash != plan.protocol.hash:
                raise UserError(f"{folder} holds an answer of other sizes or metrics. Choose a new --output.")
            return record
        self._require_training_cases(plan)
        generate.run(run, plan)
        extract.run(run, plan)
        return score.run(run, plan, shared=self.shared)

    def check(self, *metrics: str) -> None:
        """See that metrics and split exist, before anything is trained.

        Raises:
            UserError: an unknown metric, one without its encoder ("kid" for "kid_lite0"), or a split that cannot load.
        """
        protocol = self._protocol(self._config("constant"))
        known = {protocol.metric(use.metric).full_name(use.encoder) for use in protocol.uses}
        for metric in metrics:
            if metric not in known:
                fitting = sorted(name for name in known if name.startswith(f"{metric}_"))
                raise UserError(
                    f"{metric} needs its encoder's name: {' or '.join(fitting) or 'see chexgenbench metrics'}."
                )
        _ = self.loaded

    def _config(self, model: str) -> RunConfig:
        from chexgenbench.run_folder import RunConfig

        return RunConfig(
            model=model, split=self.split, split_options=dict(self.split_options), metrics=self.metrics,
            seed=self.seed, model_options=dict(self.model_options), cache=self.cache, device=self.device,
        )  # fmt: skip

    def _protocol(self, config: RunConfig) -> Any:
        """The metrics alone, at these sizes: no groups, no floors, training images only where a metric needs them."""
        from chexgenbench.plan import resolve_protocol

        sizes, protocol = self.sizes, resolve_protocol(config)
        fitted = protocol.needs & {"train", "projection"}
        return replace(
            protocol, max_cases=sizes.cases, draw_prompts=sizes.controls, draws=sizes.draws,
            probe_prompts=sizes.probes, max_synthetic=0, max_train=4 * sizes.cases if fitted else 0, groups=False,
            matched=False, floor=False,
        )  # fmt: skip

    def _require_training_cases(self, plan: Plan) -> None:
        if not plan.corpus:
            raise UserError(f"{self.split} has no training image of this model: memorisation cannot be measured on it.")


def results_of(record: ResultRecord) -> dict[str, MetricResult]:
    """Metric -> its overall result."""
    return {each.metric: each for each in record.results if each.group == "overall" and each.variant == "raw"}


def value_of(record: ResultRecord, metric: str) -> float:
    """The value of a metric, turned so that lower is better.

    Raises:
        UserError: the metric is undefined here, with its reason.
    """
    result = results_of(record).get(metric)
    if result is None or result.value is None:
        reason = "it was not measured" if result is None else str(result.reason)
        raise UserError(f"The objective {metric} has no value: {reason}.")
    return {"lower": 1.0, "higher": -1.0}.get(result.direction, 1.0) * float(result.value)
