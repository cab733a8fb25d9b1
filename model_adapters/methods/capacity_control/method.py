"""`capacity-control`: fine-tunes few parameters of a latent-diffusion model on a split. Resumable to the bit.

Layout of the output: `model/` (the artifact, see `checkpoint`), `latents/` (computed once), `state.safetensors` (the
training so far), `inputs.json` (what the state belongs to).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.integrity import sha256_file, write_json
from model_adapters.card import ModelCard
from model_adapters.methods.capacity_control.families import FAMILIES
from model_adapters.methods.capacity_control.settings import INPUTS, Settings, read_settings
from model_adapters.methods.contents import hold_to_contents
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

if TYPE_CHECKING:
    from model_adapters.methods.capacity_control.adapting import Adapted
    from model_adapters.methods.capacity_control.base import Base, Located
    from model_adapters.methods.capacity_control.cases import Chosen
    from model_adapters.methods.capacity_control.state import State

NAME = "capacity-control"

RECONSTRUCTED = (
    "[recon] Learning rates of families without a published one, and the ranks of lora, loha, lokr and oft.",
    "[recon] DiffFit's scales are one number for each part of a block; SSF leaves layers without a bias unshifted.",
    "[recon] A mask freezes a whole block of a U-Net's attentions, or of a transformer; every block has its bit.",
    "[U] How the published runs dropped prompts, and their batch and number of steps.",
)

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    verified=False,
    needs=("a base in the diffusers layout; embedded needs nothing", "the package peft for lora, loha, lokr, oft"),
    notes=(
        "Capacity Control (arXiv 2410.22149) and MemControl (arXiv 2405.19458) by their ideas; no code of theirs.",
        f"Families: {', '.join(FAMILIES)}.",
        *RECONSTRUCTED,
        "No horizontal flips, unlike the published recipe: a mirrored chest is another diagnosis.",
    ),
)


class CapacityControl:
    """Fine-tunes; every input is in `settings.INPUTS`."""

    card = CARD
    inputs: Mapping[str, MethodInput] = INPUTS

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Train, or go on, then write the fine-tuned checkpoint.

        Raises:
            UserError: no such base, split, family or case; a mask that does not fit; no prompts; a loss that is no
                number; files that changed since an earlier call.
        """
        import torch

        before = torch.get_num_threads()
        if self.device == "cpu":
            torch.set_num_threads(int(inputs["threads"]))
        try:
            return self._fit(inputs, output, seed, saved)
        finally:
            torch.set_num_threads(before)

    def _fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        from model_adapters.methods.capacity_control.adapting import adapt
        from model_adapters.methods.capacity_control.base import Base, locate_base
        from model_adapters.methods.capacity_control.blocks import Allowed, blocks_of, read_mask
        from model_adapters.methods.capacity_control.cases import choose

        settings = read_settings(inputs, self.device)
        located = locate_base(str(inputs["base"]))
        chosen = choose(
            inputs["split"], inputs["split_options"], inputs["subset"], inputs["patients"], inputs["images"],
            inputs["cases"],
        )  # fmt: skip
        hashes = {"base": located.weights_hash(), "data": chosen.hash()}
        base = Base(located, self.device, inputs["size"])
        names = blocks_of(base.network)
        mask = read_mask(inputs["mask"], names)
        total = sum(each.numel() for each in base.network.parameters())
        adapted = adapt(base.network, settings.family, Allowed(names, mask, inputs["outside"]), inputs["rank"], seed)
        hold_to_contents(output / "inputs.json", hashes, "Base or split")
        state = _trained(base, chosen, adapted, settings, seed, output, saved)
        facts = {
            "family": settings.family, "mask": "".join("01"[bit] for bit in mask or ()), "rank": str(inputs["rank"]),
            "outside": "true" if inputs["outside"] else "false",
        }  # fmt: skip
        folder, trainable = output / "model", adapted.count
        self._write(base, adapted, state, facts, folder, inputs["dtype"], trainable / total)
        record = _record(located, chosen, settings, inputs, facts, hashes, seed, state, trainable, total)
        card = _card(inputs["name"], located, chosen, settings, folder, total)
        write_json(folder / "card.json", card.model_dump(mode="json"))
        write_json(folder / "training_cases.json", _cases(chosen, located))
        return Artifact(folder, "checkpoint", card, record)

    def _write(
        self, base: Base, adapted: Adapted, state: State, facts: dict[str, str], folder: Path, dtype: str, share: float
    ) -> None:
        from model_adapters.methods.capacity_control import checkpoint
        from model_adapters.methods.capacity_control.curve import write_curve

        checkpoint.copy_base(base.located, folder)
        if adapted.parameters and share <= checkpoint.MOST:
            checkpoint.write_adapter(adapted.parameters, facts, folder / checkpoint.ADAPTER)
        adapted.fold()
        checkpoint.write_denoiser(base.network, folder / base.located.part, dtype)
        write_curve(state.curve, folder)

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Six steps on the pictures of two phantom patients, biases of the generator that ships."""
        return {
            "base": "embedded", "split": "phantom", "split_options": "seed=1,train=2,test=1,size=128", "peft": "bias",
            "steps": 6, "batch": 2, "save_every": 1,
        }  # fmt: skip


def build(context: BuildContext) -> CapacityControl:
    """Make the method; training runs on the context's device."""
    return CapacityControl(context.device)


def _trained(
    base: Base, chosen: Chosen, adapted: Adapted, settings: Settings, seed: int, output: Path, saved: Saved
) -> State:
    """Train what can be trained; the network then holds the parameters that are kept."""
    from model_adapters.methods.capacity_control.batches import Batches
    from model_adapters.methods.capacity_control.cases import Latents, Texts
    from model_adapters.methods.capacity_control.loop import Loop
    from model_adapters.methods.capacity_control.mitigation import vocabulary
    from model_adapters.methods.capacity_control.process import Process
    from model_adapters.methods.capacity_control.state import State

    if not adapted.parameters or not settings.steps:
        return State(0, dict(adapted.parameters), {})
    if settings.checkpointing:
        base.network.enable_gradient_checkpointing()
    process = Process(base.pipe.scheduler)
    latents = Latents(chosen, base, output / "latents")
    tokens = vocabulary(base.pipe.tokenizer) if settings.insert_tokens else ()
    batches = Batches(
        [case.prompt or "" for case in chosen.cases], tuple(latents([0]).shape[1:]), process, settings.batch, seed,
        settings.prompt_dropout, settings.insert_tokens, tokens,
    )  # fmt: skip
    path = output / "state.safetensors"
    loop = Loop(base, adapted, settings, batches, latents, Texts(base), process, path, chosen.weights)
    loop.run(saved)
    loop.use_average()
    return loop.state


def _cases(chosen: Chosen, located: Located) -> dict[str, Any]:
    split = chosen.split
    return {
        "split": split.name, "split_hash": split.manifest.hash, "subset": chosen.subset,
        "cases": chosen.prompt_hashes(), "adapter": "embedded" if located.embedded else "diffusers",
    }  # fmt: skip


def _record(
    located: Located, chosen: Chosen, settings: Settings, inputs: Mapping[str, Any], facts: Mapping[str, str],
    hashes: Mapping[str, str], seed: int, state: State, trainable: int, total: int,
) -> dict[str, Any]:  # fmt: skip
    from model_adapters.methods.capacity_control.curve import late_loss

    split, seen = chosen.split, settings.batch * state.step
    kept = int(sum(row[2] for row in state.curve))
    shown = {
        name: inputs[name] for name in INPUTS if name not in ("base", "split", "split_options", "cases", "name", "mask")
    }
    return {
        "method": settings.family,
        "control": settings.family in ("full", "freeze"),
        "controls": [] if settings.family in ("full", "freeze") else ["full", "freeze"],
        "base": f"{located.source} ({hashes['base'][:16]})",
        "settings": {
            **{name: value for name, value in shown.items() if value is not None},
            "learning_rate": settings.rate,
            "mask": facts["mask"],
        },
        "seed": seed,
        "budget": {},
        "labelled": 0,
        "trainable": trainable,
        "trainable_share": trainable / total,
        "parameters": total,
        "data": [{
            "name": split.name, "version": split.version, "subset": chosen.subset, "hash": split.manifest.hash,
            "licence": split.licence, "credentialed": split.credentialed,
        }],
        "images": len(chosen.cases),
        "patients": chosen.patients,
        "without_prompt": chosen.silent,
        "without_weight": chosen.distrusted,
        "effective_images": round(chosen.effective, 3),
        "cases_hash": hashes["data"],
        "steps": state.step,
        "samples_seen": seen,
        "samples_dropped": seen - kept,
        "loss": late_loss(state.curve),
        "scores": [],
        "certificate": None,
        "reconstructed": list(RECONSTRUCTED),
    }  # fmt: skip


def _card(
    name: str | None, located: Located, chosen: Chosen, settings: Settings, folder: Path, total: int
) -> ModelCard:
    from model_adapters.generators import embedded
    from model_adapters.methods.capacity_control.base import EMBEDDED

    weights = sorted(folder.glob(f"{located.part}/*.safetensors"))
    before = embedded.card().training_data if located.source == EMBEDDED else ()
    told = f"fine-tuned by {NAME} ({settings.family}) from {located.source}"
    licence = embedded.card().licence if located.source == EMBEDDED else "that of the base"
    return ModelCard(
        name=name or f"{located.source.rpartition('/')[2].removeprefix('local:')}-{settings.family}",
        kind="generator",
        source=told,
        licence=f"{licence}; trained on {chosen.split.name}: {chosen.split.licence}",
        parameters=total,
        training_data=tuple(dict.fromkeys((*before, f"{chosen.split.name}/{chosen.subset}"))),
        weight_hashes={f"{located.part}/{each.name}": sha256_file(each) for each in weights},
        notes=(f"{told} on {len(chosen.cases)} images of {chosen.patients} patients.",),
    )
