"""All stages in order, and the export of the finished pipeline."""

from __future__ import annotations

import copy
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data_splits.integrity import write_json
from model_adapters.generators.embedded_training import networks
from model_adapters.generators.embedded_training.autoencoder import encode, polish_decoder, train_autoencoder
from model_adapters.generators.embedded_training.diffusion import train_diffusion
from model_adapters.generators.embedded_training.loop import Say, Trainer
from model_adapters.generators.embedded_training.networks import Network
from model_adapters.generators.embedded_training.phantoms import Phantoms, load_phantoms
from model_adapters.generators.embedded_training.plan import Plan
from model_adapters.generators.embedded_training.text import Reader, train_text
from model_adapters.generators.embedded_training.wording import new_tokenizer, terse_prompt


def train(plan: Plan, folder: Path, say: Say, workers: int = 2) -> Path:
    """Run what is not done yet; returns the pipeline's folder, which `--weights` of the adapter accepts."""
    torch.set_num_threads(1)  # parallel over parts of a batch instead, see Trainer
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    everything = load_phantoms(plan, folder, say)
    data = subset_of(everything, split_of(everything, plan)[0])
    say(f"data: {len(data.prompts)} studies of {len(set(data.patients))} patients, {time.perf_counter() - began:.0f} s")
    tokenizer: Network = new_tokenizer(data.prompts, plan.text_length)

    vae = networks.new_autoencoder(plan)
    trainer = Trainer("autoencoder", {"vae": vae}, folder, plan.fingerprint("autoencoder"), workers=workers)
    facts: dict[str, object] = {"autoencoder": train_autoencoder(vae, data.images, plan, trainer, say)}
    seconds = {"autoencoder": trainer.seconds}
    trainer = Trainer("refine", {"vae": vae}, folder, plan.fingerprint("refine"), workers=workers)
    facts["refine"] = train_autoencoder(vae, data.images, plan, trainer, say, first=False)
    seconds["refine"] = trainer.seconds
    latents = _latents(vae, data, folder)
    scale = float(1 / latents.std())
    vae.register_to_config(scaling_factor=scale)

    tokens = _Wordings(tokenizer, data, plan)
    ids = tokenizer.convert_tokens_to_ids([tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token])
    encoder = networks.new_text_encoder(plan, len(tokenizer), *ids)
    unet = networks.new_unet(plan)
    torch.manual_seed(plan.seed + 3)
    reader = Reader(4 * plan.channels[0], data.truths.shape[1])
    parts: dict[str, nn.Module] = {"text_encoder": encoder, "pool": unet.add_embedding, "reader": reader}
    trainer = Trainer("text", parts, folder, plan.fingerprint("text"), workers=workers)
    truths = torch.from_numpy(data.truths)
    facts["text"] = train_text(encoder, unet.add_embedding, reader, tokens, truths, plan, trainer, say)
    seconds["text"] = trainer.seconds

    trainer = Trainer(
        "diffusion", {"unet": unet, "text_encoder": encoder}, folder, plan.fingerprint("diffusion"), plan.ema, workers
    )
    models = {"vae": vae, "unet": unet, "text_encoder": encoder}

    def export() -> None:
        averaged = {k: copy.deepcopy(m) for k, m in models.items()}
        own = {f"{m}.{p}": t for m in ("unet", "text_encoder") for p, t in averaged[m].named_parameters()}
        with torch.no_grad():
            for key, value in trainer.average.items():
                own[key].copy_(value)
        save_pipeline(averaged, tokenizer, folder / "pipeline")

    empty = tokens.ids([""])[0]
    facts["diffusion"] = train_diffusion(unet, encoder, latents * scale, tokens, empty, plan, trainer, say, export)
    seconds["diffusion"] = trainer.seconds
    trainer.use_average()

    trainer = Trainer("polish", {"decoder": vae.decoder}, folder, plan.fingerprint("polish"), workers=workers)
    facts["polish"] = polish_decoder(vae, data.images, latents, plan, trainer, say)
    seconds["polish"] = trainer.seconds
    save_pipeline(models, tokenizer, folder / "pipeline")
    facts |= {"plan": asdict(plan), "seconds": {k: round(v, 1) for k, v in seconds.items()}}
    facts |= {"studies": len(data.prompts), "patients": len(set(data.patients))}
    write_json(folder / "training.json", facts)
    say(f"done: {folder / 'pipeline'}")
    return folder / "pipeline"


def split_of(data: Phantoms, plan: Plan) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the studies that are trained on, and of the others: the last patients, at most a fifth of all."""
    patients = sorted(set(data.patients))
    last = set(patients[len(patients) - min(plan.held_out, len(patients) // 5) :])
    out = np.array([patient in last for patient in data.patients])
    return np.flatnonzero(~out), np.flatnonzero(out)


def subset_of(data: Phantoms, keep: NDArray[np.intp]) -> Phantoms:
    """Some of the studies."""
    prompts, names = [data.prompts[i] for i in keep], [data.patients[i] for i in keep]
    return Phantoms(data.images[keep], prompts, data.labels[keep], data.truths[keep], names)


class _Wordings:
    """Token ids of each study's own prompt, or, now and then, of a short rewording of it."""

    def __init__(self, tokenizer: Network, data: Phantoms, plan: Plan) -> None:
        self.tokenizer, self.length = tokenizer, plan.text_length
        rng = np.random.default_rng([plan.seed, 17])
        terse = [
            [
                terse_prompt(
                    rng, labels, "AP" if truth[-3] else "PA", "M" if truth[-2] else "F", round(truth[-1] * 20 + 55)
                )
                for _ in range(4)
            ]
            for labels, truth in zip(data.labels, data.truths, strict=True)
        ]
        self.own = self.ids(data.prompts)
        self.terse = torch.stack([self.ids([words[k] for words in terse]) for k in range(4)])
        self.share = plan.terse_share

    def ids(self, texts: list[str]) -> Tensor:
        encoded = self.tokenizer(
            texts, padding="max_length", truncation=True, max_length=self.length, return_tensors="pt"
        )
        return encoded.input_ids

    def __call__(self, rng: torch.Generator, pick: Tensor) -> Tensor:
        which = torch.randint(len(self.terse), (len(pick),), generator=rng)
        short = torch.rand(len(pick), generator=rng) < self.share
        return torch.where(short[:, None], self.terse[which, pick], self.own[pick])


def _latents(vae: Network, data: Phantoms, folder: Path) -> Tensor:
    path = folder / "latents.safetensors"
    if not path.exists():
        partial = path.with_suffix(".partial")
        save_file({"latents": encode(vae, data.images)}, partial)
        partial.replace(path)
    return load_file(path)["latents"]


def save_pipeline(models: dict[str, nn.Module], tokenizer: Network, folder: Path) -> None:
    """Write a StableDiffusionPipeline in half precision."""
    from diffusers import StableDiffusionPipeline

    half = {name: copy.deepcopy(model).half() for name, model in models.items()}
    pipeline: Network = StableDiffusionPipeline(
        **half,
        tokenizer=tokenizer,
        scheduler=networks.new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
