"""`mobilequant`: integer weights and static integer activations for a Llama-class model. Resumable at every state.

Layout of the output: `model/` (the artifact, see `stored.py`), `targets`, `smooth`, `ranges` and `learning`
(.safetensors: how far it got), `source.json` (what it was begun with).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.methods.mobilequant.arms import ARMS, CONTROLS
from model_adapters.methods.mobilequant.made_up import made_up_inputs
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.protocols import Artifact, BuildContext, MethodInput, Saved

NAME = "mobilequant"

CARD = ModelCard(
    name=NAME,
    kind="method",
    source="computed",
    licence="Apache-2.0",
    notes=(
        "MobileQuant (EMNLP 2024 Findings 570, arXiv 2408.13933), written anew from paper and released code.",
        "Changed against the release: value-to-output and query-key transforms hold for grouped queries and rotary "
        "positions; zero points are integers while they are learnt; learning rates of ranges are relative.",
        "Softmax, norm statistics, rotation and residual additions are simulated in float; embeddings, head too.",
        "Try it: model = smollm2 (the packaged SmolLM2-135M) or embedded (the embedded VLM); rtn learns nothing.",
    ),
)  # fmt: skip

INPUTS: dict[str, MethodInput] = {
    "model": MethodInput("folder of a Llama checkpoint (safetensors), smollm2, or embedded", required=True),
    "method": MethodInput(f"{', '.join(ARMS)}; all but the first are controls", default=NAME),
    "weight_bits": MethodInput("bits of every projection's weights, 2 to 8", default=8, budget=True),
    "activation_bits": MethodInput("bits of the narrow activations, 2 to 16", default=8, budget=True),
    "wide_bits": MethodInput("bits of norms, softmax and what enters the residual", default=16, budget=True),
    "symmetric": MethodInput("weights without zero points", default=False),
    "calibration": MethodInput(
        "python-docs, standard-library, text files (comma-separated), .safetensors of token ids, or mirb-procedural "
        "(for embedded); without it, what suits the model"
    ),
    "credentialed": MethodInput("the calibration text is of a credentialed data set", default=False),
    "samples": MethodInput("calibration sequences; no labels are used", default=64),
    "length": MethodInput("tokens of a sequence, where text is cut", default=128),
    "held_out": MethodInput("sequences on which surprise is measured before and after", default=16),
    "alpha": MethodInput("SmoothQuant's exponent", default=0.5),
    "epochs": MethodInput("passes of learning over the calibration sequences (published: 60 over 1,024)", default=10),
    "batch": MethodInput("sequences of a step of learning, all of one length (published: 1)", default=1),
    "learn": MethodInput("what is learnt: some of transforms,clipping,ranges", default="transforms,clipping,ranges"),
    "transform_rate": MethodInput("learning rate of the transforms", default=1e-3),
    "clip_rate": MethodInput("learning rate of the weight clipping", default=1e-2),
    "range_rate": MethodInput("relative learning rate of the activation scales", default=1e-3),
    "save_every": MethodInput("steps of learning between two states on disk", default=20),
    "name": MethodInput("of the quantised model, on its card"),
}  # fmt: skip


class MobileQuant:
    """Quantises; see `arms.ARMS`."""

    card = CARD
    inputs: Mapping[str, MethodInput] = INPUTS

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Smooth, collect ranges, learn, freeze, write, measure.

        Raises:
            UserError: a model that is not of the Llama class, data that do not suit it, settings out of range, files
                that changed since an earlier call.
        """
        # settings first: a wrong one is told before a model is loaded
        if inputs["method"] not in ARMS:
            raise UserError(f"method is {inputs['method']!r}; it is {', '.join(ARMS)}.")
        bits = Bits(inputs["weight_bits"], inputs["activation_bits"], inputs["wide_bits"], inputs["symmetric"])
        if not 0.0 <= inputs["alpha"] <= 1.0:
            raise UserError(f"alpha is {inputs['alpha']}; it must be 0 to 1.")
        from model_adapters.methods.mobilequant.pipeline import run

        settings = learning_settings(inputs)
        done = run(inputs, bits, settings, self.device, output, seed, saved)
        folder = output / "model"
        card = ModelCard(
            name=done.name,
            kind="vlm",
            source=f"{done.source.name} quantised by {NAME} ({inputs['method']}, {bits.label})",
            licence=done.source.licence,
            parameters=done.parameters,
            settings={"scheme": bits.label, "wide_bits": bits.wide, "symmetric_weights": bits.symmetric},
            weight_hashes={each.name: sha256_file(each) for each in sorted(folder.glob("*.safetensors"))},
            notes=(
                "Integer arithmetic is simulated in floating point on this machine.",
                *(() if done.source.vlm else ("A language model: it sees no images.",)),
            ),
        )
        return Artifact(folder, "checkpoint", card, _record(inputs, done, seed))

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """A random model of two layers, at W4A8."""
        return made_up_inputs(folder)


def build(context: BuildContext) -> MobileQuant:
    """Make the method; models run on the context's device."""
    return MobileQuant(context.device)


def learning_settings(inputs: Mapping[str, Any]) -> Any:
    """Settings of the learning, checked."""
    from model_adapters.methods.mobilequant.learn import Settings

    return Settings(
        inputs["epochs"],
        tuple(each.strip() for each in inputs["learn"].split(",") if each.strip()),
        inputs["transform_rate"],
        inputs["clip_rate"],
        inputs["range_rate"],
        inputs["save_every"],
        inputs["batch"],
    )


def _record(inputs: Mapping[str, Any], done: Any, seed: int) -> dict[str, Any]:
    control = inputs["method"] in CONTROLS
    left_out = ("model", "calibration", "name", "credentialed")
    return {
        "method": inputs["method"],
        "control": control,
        "controls": [] if control else list(CONTROLS),
        "base": {"name": done.source.name, "weight_hashes": done.source.hashes},
        "settings": {name: value for name, value in inputs.items() if name not in left_out},
        "seed": seed,
        "budget": done.budget,
        "labelled": 0,
        "trainable": done.trainable,
        "data": [{**each, "credentialed": bool(inputs["credentialed"])} for each in done.data],
        "scores": [],
        "certificate": None,
        "reconstructed": [],
        "measured": done.measured,
    }
