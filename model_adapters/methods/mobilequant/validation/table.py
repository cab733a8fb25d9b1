"""The table: perplexity of every arm at every scheme, over seeds; `python -m ...validation` prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from data_splits.integrity import atomic_write, write_json
from model_adapters.methods.mobilequant.method import MobileQuant
from model_adapters.methods.mobilequant.validation import character_model
from model_adapters.methods.run import run_method

if TYPE_CHECKING:
    from torch import Tensor

ARMS: dict[str, dict[str, Any]] = {
    "rtn": {"method": "rtn"},
    "smoothquant-static": {"method": "smoothquant-static"},
    "smoothquant-edge": {"method": "smoothquant-edge"},
    "omniquant-static": {"method": "omniquant-static"},
    "omniquant-edge": {"method": "omniquant-edge"},
    "transforms": {"learn": "transforms"},
    "transforms, clipping": {"learn": "transforms,clipping"},
    "mobilequant": {},
}
"""Row -> inputs; the last but one and the one before it learn a part of what MobileQuant learns."""

SCHEMES = {"W8A8": (8, 8, 16), "W4A8": (4, 8, 16), "W4A6": (4, 6, 16), "W8A16": (8, 16, 16), "full W8A8": (8, 8, 8)}
"""Label -> bits of weights, narrow and wide activations."""

LEARNING = {"epochs": 15, "transform_rate": 3e-3, "batch": 4, "save_every": 10_000}


def prepare(
    folder: Path, seed: int, steps: int, spread: float = 0.0, channels: int = 4,
    say: Callable[[int, int], None] = lambda done, total: None,
) -> Path:  # fmt: skip
    """Train the character model, put outliers in, write it and its sequences; once for a folder."""
    from safetensors.torch import save
    from transformers import LlamaConfig

    from model_adapters.methods.mobilequant.network import widths_of
    from model_adapters.methods.mobilequant.validation.outliers import with_outliers

    if (folder / "config.json").exists():
        return folder
    state = character_model.trained(steps, seed, say)
    state = with_outliers(state, widths_of(LlamaConfig(**character_model.CONFIG)), seed, spread, channels)
    text, test = character_model.corpus()
    rows: dict[str, Tensor] = {
        "tokens": character_model.windows(text, 256, seed, "calibration"),
        "held_out": character_model.windows(test, 100, 0, "test"),
    }
    for name, tensors in (("model", {n: t.contiguous() for n, t in state.items()}), ("tokens", rows)):
        # the tokens lie beside the model's folder: a folder of a checkpoint holds its weights alone
        with atomic_write((folder if name == "model" else folder.parent) / f"{name}.safetensors") as stream:
            stream.write(save(tensors, {"format": "pt"}))
    write_json(folder / "config.json", character_model.CONFIG)
    return folder


def perplexities(
    model: Path, output: Path, seed: int, schemes: Sequence[str], arms: Sequence[str], samples: int = 64,
    changes: Mapping[str, Any] | None = None, say: Callable[[str], None] = lambda line: None,
) -> dict[str, dict[str, float | None]]:  # fmt: skip
    """Scheme -> arm -> held-out perplexity; under "float" that of the model as it was. Finished fits are read back."""
    found: dict[str, dict[str, float | None]] = {}
    for scheme in schemes:
        weight_bits, activation_bits, wide_bits = SCHEMES[scheme]
        found[scheme] = {}
        for arm in arms:
            inputs = {
                "model": str(model), "calibration": str(model.parent / "tokens.safetensors"),
                "weight_bits": weight_bits, "activation_bits": activation_bits, "wide_bits": wide_bits,
                "samples": samples, "held_out": 100, **LEARNING, **ARMS[arm], **(changes or {}),
            }  # fmt: skip
            folder = output / f"{scheme}-{arm}".replace(" ", "").replace(",", "+")
            measured = run_method(MobileQuant(), inputs, folder, seed).record["measured"]
            found[scheme][arm] = measured["perplexity"]
            found[scheme]["float"] = measured["perplexity_float"]
            say(f"seed {seed} {scheme} {arm}: {measured['perplexity']}")
    return found


def markdown(results: Sequence[Mapping[str, Mapping[str, float | None]]]) -> str:
    """A table of means over seeds, with the least and the largest where there are several."""
    schemes = list(results[0])
    arms = [each for each in results[0][schemes[0]] if each != "float"]
    lines = ["| | " + " | ".join([*arms, "float"]) + " |", "|---" * (len(arms) + 2) + "|"]
    for scheme in schemes:
        cells = [_cell([each[scheme][arm] for each in results]) for arm in [*arms, "float"]]
        lines.append(f"| {scheme} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: Sequence[float | None]) -> str:
    finite = [each for each in values if each is not None]
    if len(finite) < len(values):
        return "overflow"
    mean = f"{fmean(finite):.3f}" if max(finite) < 1000 else f"{fmean(finite):.3g}"
    return mean if len(finite) == 1 else f"{mean} ({min(finite):.4g} to {max(finite):.4g})"
