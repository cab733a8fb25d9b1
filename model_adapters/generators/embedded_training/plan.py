"""Every choice that shapes the weights, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from data_splits.integrity import content_hash


@dataclass(frozen=True)
class Plan:
    """Hyper-parameters of a training run; the defaults made the weights that ship with the package."""

    # phantoms
    phantom_seed: int = 0
    patients: int | None = None  # first so many train patients; None takes all
    size: int = 128  # pixels a side
    # autoencoder
    seed: int = 0
    held_out: int = 100  # last so many patients: never trained on, for choosing the sampling settings
    width: int = 24
    latent_channels: int = 4
    latent_noise: float = 0.08  # added to the latents while the decoder learns, so that it forgives small errors
    autoencoder_steps: int = 2000
    autoencoder_batch: int = 16
    autoencoder_lr: float = 2e-3
    crop: int = 64  # pixels a side of the cut-outs the autoencoder learns from
    # refine: the autoencoder again, with a second cycle of the learning rate
    refine_steps: int = 3000
    refine_lr: float = 1.5e-3
    # polish: the decoder alone on whole pictures, last
    polish_batch: int = 4
    polish_steps: int = 4000
    polish_lr: float = 4e-4
    # text
    text_width: int = 128
    text_layers: int = 2
    text_length: int = 64  # tokens
    text_steps: int = 400
    text_batch: int = 64
    text_lr: float = 1e-3
    terse_share: float = 0.3  # prompts reworded as a short list of labels
    # diffusion
    channels: tuple[int, ...] = (64, 96, 160)
    diffusion_steps: int = 2900
    diffusion_batch: int = 16
    diffusion_lr: float = 5e-4
    dropout_prompt: float = 0.1  # empty prompts, for classifier-free guidance
    ema: float = 0.999

    def fingerprint(self, stage: str) -> str:
        """sha256 of what shapes a stage's result: its state is resumed only by a plan that agrees on that.

        Step counts are left out, so a run can be made longer; its weights are then those of the learning rates that
        were really used.
        """
        names = [name for name in asdict(self) if not name.endswith("_steps")]
        last = {"phantoms": "size", "autoencoder": "crop", "refine": "refine_lr"}.get(stage, names[-1])
        names = names[: names.index(last) + 1]
        kept = {name: getattr(self, name) for name in names}
        return content_hash({k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()})
