"""Certified fusion by a Gaussian posterior over the coefficients: PAC-Bayes, Gibbs, Monte-Carlo draws paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data_splits.errors import UserError
from leaderboards.statistics.certificates.claim import Source, fingerprint
from leaderboards.statistics.certificates.families import FAMILIES
from model_adapters.methods.certificates.fusion_run import Fused, FusionRun
from model_adapters.methods.certificates.gibbs import block_count, drawn_losses
from model_adapters.methods.certificates.issue import NOTHING, gibbs
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.posterior import Learning, Posterior, Prior, learn_bound, learn_mean
from model_adapters.methods.certificates.surrogates import surrogate
from model_adapters.protocols import MethodInput

LORAHUB_BOUND, LORAHUB_PENALTY = 1.5, 0.05

SETTINGS = {
    "train": MethodInput("loss (merge as usual, bound afterwards) or bound (the bound is minimised)", default="loss"),
    "prior": MethodInput("data-free, or data-dependent: fitted on one half, bound from the other", default="data-free"),
    "prior_mean": MethodInput("every coefficient of a data-free prior, and where learning starts", default=0.0),
    "prior_scale": MethodInput("s of the prior; 0: one of a grid is chosen on the sample, and paid", default=0.1),
    "scale": MethodInput("s of the posterior; train = bound starts there", default=0.1),
    "family": MethodInput("bound: pac-bayes-kl, quadratic, mcallester, lambda or catoni", default="pac-bayes-kl"),
    "surrogate": MethodInput(
        "bound that training descends on: pac-bayes-kl, quadratic, mcallester", default="quadratic"
    ),
    "p_min": MethodInput("least probability of the bounded cross-entropy that training sees", default=0.01),
    "draws": MethodInput("draws of the posterior behind its risk", default=1000),
    "draws_delta": MethodInput("part of delta that pays for the draws", default=0.01),
    "steps": MethodInput("steps of Adam", default=100),
    "rate": MethodInput("learning rate of Adam", default=0.01),
    "save_every": MethodInput("steps of Adam between two states on disk", default=10),
    "evaluations": MethodInput("how often a search without gradients asks for the loss", default=100),
    "spread": MethodInput("standard deviation of its first draws", default=0.2),
    "perturbations": MethodInput("draws of the posterior behind one of its values of the bound", default=8),
}


def steps(settings: Mapping[str, Any], size: int) -> dict[str, int]:
    """Stages of the learning.

    Raises:
        UserError: settings that cannot be.
    """
    how = learning(settings, 0)
    stages = {"half": how.stage_steps, "posterior": how.stage_steps}
    return {**stages, "draws": block_count(settings["draws"])}


def learning(settings: Mapping[str, Any], seed: int) -> Learning:
    """How means and posteriors are learnt.

    Raises:
        UserError: settings that cannot be.
    """
    if settings["train"] not in ("loss", "bound"):
        raise UserError(f"train is {settings['train']!r}; it is loss or bound.")
    if settings["prior"] not in ("data-free", "data-dependent"):
        raise UserError(f"prior is {settings['prior']!r}; it is data-free or data-dependent.")
    if settings["search"] not in ("auto", "gradient", "gradient-free"):
        raise UserError(f"search is {settings['search']!r}; of a posterior it is auto, gradient or gradient-free.")
    for key in ("scale", "draws", "steps", "save_every", "evaluations", "perturbations", "draws_delta", "rate"):
        if not settings[key] > 0:
            raise UserError(f"{key} is {settings[key]}; it must be above 0.")
    if settings["prior_scale"] < 0 or not 0 < settings["p_min"] < 1:
        raise UserError("prior_scale is at least 0 (0: a grid) and p_min lies between 0 and 1.")
    if settings["family"] not in FAMILIES or FAMILIES[settings["family"]].price != "KL":
        raise UserError(f"family is {settings['family']!r}; a posterior takes a bound with a KL, such as pac-bayes-kl.")
    surrogate(settings["surrogate"])
    lorahub = settings["method"] == "lorahub"
    return Learning(
        gradients=settings["search"] != "gradient-free" and not lorahub,
        steps=settings["steps"],
        rate=settings["rate"],
        save_every=settings["save_every"],
        evaluations=settings["evaluations"],
        spread=settings["spread"],
        bound=LORAHUB_BOUND if lorahub else np.inf,
        penalty=LORAHUB_PENALTY if lorahub else 0.0,
        perturbations=settings["perturbations"],
        p_min=settings["p_min"],
        seed=seed,
    )


def learn(run: FusionRun) -> Fused:
    """Coefficients of one half (prior mean, or what the test-set bound tests), then the posterior and its bound."""
    settings, sample, space = run.settings, run.sample, run.space
    how = learning(settings, run.seed)
    first, second = sample.halves()
    free = np.full(space.size, float(settings["prior_mean"]))
    half = learn_mean(space, sample.part(first), free, how, run.course["half"])
    dependent = settings["prior"] == "data-dependent"
    rows = second if dependent else sample.all()
    prior = Prior(half if dependent else free, float(settings["prior_scale"]))
    prior_facts = {
        "mean": prior.mean.tolist(), "scale": prior.scale, "largest": prior.largest, "precision": prior.precision,
        "plan": run.plan.fingerprint,
    }  # fmt: skip
    plan = Plan(run.output / "prior.json", prior_facts, "before the examples of the bound were scored")
    beside = run.tested(half, first, second)
    start = Posterior(prior.mean, float(settings["scale"]))
    if settings["train"] == "bound":
        bound = surrogate(settings["surrogate"])
        share = run.share - settings["draws_delta"]
        if share <= 0:
            raise UserError(f"draws_delta is {settings['draws_delta']}, all of delta. Give a smaller part.")
        part = sample.part(rows, how.p_min if how.gradients else None)
        posterior = learn_bound(
            space, part, prior, start, lambda risk, nats: bound(risk, len(rows), nats, share), how,
            run.course["posterior"],
        )  # fmt: skip
    else:
        # From the same start as the half's, not from the half's end: further steps would only add distance to pay for.
        mean = learn_mean(space, sample.part(sample.all()), free, how, run.course["posterior"])
        posterior = Posterior(mean, start.scale)
    price = prior.price(posterior)
    losses = drawn_losses(space, sample, rows, posterior, settings["draws"], run.seed, run.course["draws"])
    shaped = sample.named(first) if dependent else NOTHING
    words = "mean fitted on one half of the sample" if dependent else "fixed mean and scale"
    certificate = gibbs(
        f"{run.name}: random draws of the posterior", settings["family"], sample, rows, losses, posterior, price,
        1 + run.course["posterior"].steps, (Source("prior", words, shaped), run.pool),
        plan.kept({**prior_facts, "plan": fingerprint(dict(run.used()))}), run.delta, settings["draws_delta"],
        run.simultaneous,
    )  # fmt: skip
    mean_risk = float(sample.errors(space.model(posterior.mean), rows).mean())
    coefficients = {
        "mean": space.named(posterior.mean), "scale": posterior.scale, "prior_mean": space.named(prior.mean),
        "prior_scale": price.prior_scale, "learnt_on_half": space.named(half), "seed_of_draws": run.seed,
    }  # fmt: skip
    facts = {
        "certified": "random draws of the posterior (Gibbs); the weights written are those of its mean",
        "gibbs_risk_of_draws": certificate.risk, "risk_of_mean": mean_risk, "nats": price.nats,
        "prior_index": price.index, "scale": posterior.scale, "n_bound": len(rows),
        "squared_distance": price.squared_distance,
    }  # fmt: skip
    return Fused(posterior.mean, certificate, beside, coefficients, facts)
