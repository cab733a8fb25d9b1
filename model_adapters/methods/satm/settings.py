"""The methods side by side, and every number that shapes a fit, with its default and what it is."""

from __future__ import annotations

import difflib
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from data_splits.errors import UserError
from model_adapters.methods.satm.ascent import KINDS, Ascent
from model_adapters.methods.satm.augment import ALL, Augmentation, parse_augmentation
from model_adapters.methods.satm.augment import KINDS as CHANGES
from model_adapters.protocols import MethodInput


@dataclass(frozen=True)
class Way:
    """What tells one method from another.

    Attributes:
        says: in words. selects: real images are chosen, nothing is learnt.
        truncated: the derivative goes through the last inner steps only. ascends: sharpness-aware in the images.
        flat_experts: experts trained by GSAM. average: decay of the mean over iterations that is kept; 0 for the last.
    """

    says: str
    selects: bool = False
    truncated: bool = False
    ascends: bool = False
    flat_experts: bool = False
    average: float = 0.0


METHODS = {
    "satm": Way("truncated trajectory matching at the images perturbed by an ascent", truncated=True, ascends=True),
    "sam-mtt": Way("the same with the whole derivative, twice the cost", ascends=True),
    "mtt": Way("trajectory matching, whole derivative"),
    "truncated": Way("trajectory matching, truncated derivative, no ascent", truncated=True),
    "ftd": Way("trajectory matching on experts trained by GSAM, images averaged", flat_experts=True, average=0.99),
    "random": Way("real images of each class, drawn at random", selects=True),
    "herding": Way("real images of each class whose mean follows the class mean (on pixels)", selects=True),
}
CONTROLS = ("mtt", "truncated", "ftd", "random", "herding")
STEP_RULES = ("gradient", "closed-form", "fixed")
STARTS = ("random", "herding")
WHITENINGS = ("none", "zca")

HELP = {
    "method": "; ".join(f"{name}: {way.says}" for name, way in METHODS.items()),
    "network": "what is trained: convnet:16:16:16 (blocks that halve the image) or mlp:64 (hidden layers)",
    "experts": "networks trained on the real images",
    "epochs": "of each expert",
    "expert_rate": "their step size; the condensed images start with the same",
    "expert_batch": "real images of a step",
    "expert_kind": "sgd, gsam, or the method's own",
    "iterations": "steps of the images",
    "inner_steps": "N, steps on the condensed images that are matched",
    "kept_steps": "iota, of these the last ones that are differentiated where a method truncates; 0.75 N or more",
    "span": "M, epochs of an expert that they are matched with",
    "start_before": "T, a segment starts before this epoch",
    "inner_batch": "condensed images of an inner step; 0 for all",
    "rate": "step size of the images, in standard deviations of a pixel",
    "momentum": "of the images and of the learnt step size",
    "clip": "longest gradient of the images",
    "ascent": f"of the images: {', '.join(KINDS)}",
    "rho": "its radius, an L2 norm over all images, in standard deviations of a pixel",
    "gsam_share": "gsam's alpha",
    "smoothing": "standard deviation of Gaussian noise on the images in every iteration",
    "step_rule": "how the step size is learnt: gradient, closed-form (towards the best one), or fixed",
    "step_rate": "step size of its gradient (relative to the step size itself), or share of the way to the best one",
    "least_step": "lower bound of the learnt step size",
    "most_step": "upper bound of it",
    "average": "decay of the mean over iterations that is kept; -1 for the method's own",
    "start": f"real images to start from: {', '.join(STARTS)}",
    "augment": f"differentiable augmentation in experts and inner steps: none, {ALL} (all kinds), or some of "
    f"{','.join(CHANGES)}",
    "whiten": "space that images are learnt in: none, or zca (whitened; written as they look)",
    "save_every": "iterations between two saved states",
}


@dataclass(frozen=True)
class Settings:
    """See `HELP`."""

    method: str = "satm"
    network: str = "convnet:16:16:16"
    experts: int = 8
    epochs: int = 12
    expert_rate: float = 0.05
    expert_batch: int = 64
    expert_kind: str = "own"
    iterations: int = 300
    inner_steps: int = 20
    kept_steps: int = 15
    span: int = 2
    start_before: int = 8
    inner_batch: int = 0
    rate: float = 1.0
    momentum: float = 0.5
    clip: float = 10.0
    ascent: str = "sam"
    rho: float = 1.0
    gsam_share: float = 0.3
    smoothing: float = 0.0
    step_rule: str = "gradient"
    step_rate: float = 0.1
    least_step: float = 1e-3
    most_step: float = 1.0
    average: float = -1.0
    start: str = "random"
    augment: str = "none"
    whiten: str = "none"
    save_every: int = 20

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            near = difflib.get_close_matches(self.method, METHODS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It is {', '.join(METHODS)}."
            raise UserError(f"There is no method {self.method!r}. {hint}")
        known = {
            "ascent": KINDS,
            "step_rule": STEP_RULES,
            "start": STARTS,
            "expert_kind": ("own", "sgd", "gsam"),
            "whiten": WHITENINGS,
        }
        for name, allowed in known.items():
            if getattr(self, name) not in allowed:
                raise UserError(f"{name} is {getattr(self, name)!r}; it is {', '.join(allowed)}.")
        parse_augmentation(self.augment)
        for name in ("experts", "epochs", "expert_batch", "iterations", "inner_steps", "kept_steps", "span",
                     "start_before", "save_every"):  # fmt: skip
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; it is at least 1.")
        for each in fields(self):
            if isinstance(getattr(self, each.name), float) and math.isinf(getattr(self, each.name)):
                raise UserError(f"{each.name} is {getattr(self, each.name)}; it is a finite number.")
        for name in ("expert_rate", "rate", "clip", "least_step", "most_step"):
            if not getattr(self, name) > 0.0:
                raise UserError(f"{name} is {getattr(self, name)}; it is above 0.")
        for name in ("rho", "smoothing", "gsam_share", "step_rate", "inner_batch"):
            if not getattr(self, name) >= 0.0:
                raise UserError(f"{name} is {getattr(self, name)}; it is 0 or more.")
        if not 0.0 <= self.momentum < 1.0 or not (self.average == -1.0 or 0.0 <= self.average < 1.0):
            raise UserError("momentum and average lie between 0 and 1 (average: or -1).")
        if self.most_step < self.least_step:
            raise UserError(f"most_step is {self.most_step}, below least_step ({self.least_step}).")
        if self.kept_steps > self.inner_steps:
            raise UserError(f"kept_steps is {self.kept_steps}, more than the {self.inner_steps} inner_steps.")
        if self.start_before - 1 + self.span > self.epochs:
            raise UserError(
                f"A segment that starts before epoch {self.start_before} and spans {self.span} needs "
                f"{self.start_before - 1 + self.span} epochs; the experts have {self.epochs}."
            )

    @property
    def way(self) -> Way:
        """What the method is."""
        return METHODS[self.method]

    @property
    def flat_experts(self) -> bool:
        """Experts are trained by GSAM."""
        return self.expert_kind == "gsam" or (self.expert_kind == "own" and self.way.flat_experts)

    @property
    def decay(self) -> float:
        """Of the mean over iterations; 0 keeps the last."""
        return self.way.average if self.average == -1.0 else self.average

    @property
    def ascending(self) -> Ascent | None:
        """The ascent in the images, where the method has one."""
        return Ascent(self.ascent, self.rho, self.gsam_share) if self.way.ascends else None

    @property
    def augmentation(self) -> Augmentation | None:
        """Of real and condensed images, where there is one."""
        return parse_augmentation(self.augment)

    @property
    def differentiated(self) -> int:
        """Inner steps that a derivative goes through."""
        return self.kept_steps if self.way.truncated else self.inner_steps

    @classmethod
    def of(cls, inputs: dict[str, Any]) -> Settings:
        """Those among a method's inputs.

        Raises:
            UserError: a value that is not allowed.
        """
        return cls(**{each.name: inputs[each.name] for each in fields(cls)})

    def facts(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


INPUTS = {each.name: MethodInput(HELP[each.name], default=each.default) for each in fields(Settings)}  # type: ignore[arg-type]
