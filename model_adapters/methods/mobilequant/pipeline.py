"""From a float model to a quantised one, stage by stage, each resumed from what is on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.integrity import write_json
from model_adapters.methods.contents import hold_to_contents
from model_adapters.methods.mobilequant import stages
from model_adapters.methods.mobilequant.arms import ARMS
from model_adapters.methods.mobilequant.blockwise import learn_blocks
from model_adapters.methods.mobilequant.learn import Settings, learn
from model_adapters.methods.mobilequant.measure import perplexity, surprises, tokens
from model_adapters.methods.mobilequant.modules import Projection, Site
from model_adapters.methods.mobilequant.network import convert, freeze, last_hidden, parts
from model_adapters.methods.mobilequant.sites import NARROW, Bits
from model_adapters.methods.mobilequant.sources import Source, open_source
from model_adapters.methods.mobilequant.stored import WEIGHTS, write_model
from model_adapters.methods.mobilequant.texts import Item, read_data
from model_adapters.protocols import Saved


@dataclass(frozen=True)
class Done:
    """What a run was and gave.

    Attributes:
        source: the model, now quantised. name: of the result. parameters: its weights. trainable: numbers learnt.
        budget: bits used, found in the result. data: what it was calibrated on. measured: before and after.
    """

    source: Source
    name: str
    parameters: int
    trainable: int
    budget: dict[str, int]
    data: list[dict[str, Any]]
    measured: dict[str, Any]


def run(
    inputs: Mapping[str, Any], bits: Bits, settings: Settings, device: str, output: Path, seed: int, saved: Saved
) -> Done:
    """Quantise into `output`/model, or go on there.

    Raises:
        UserError: see `MobileQuant.fit`.
    """
    source = open_source(inputs["model"], device)
    data = read_data(inputs["calibration"], source, inputs["samples"], inputs["length"], inputs["held_out"], seed)
    hold_to_contents(output / "source.json", {"model": source.hashes, "data": data.facts}, "Model or calibration text")
    arm = ARMS[inputs["method"]]
    units = {"": 0, "end-to-end": settings.steps(len(data.calibration))}
    total = 3 + units.get(arm.learns, len(source.model.model.layers))
    steps = _Steps(output, total, saved)
    model = source.model
    parameters = sum(each.numel() for each in model.parameters())
    before = _kept(output / "before.json", lambda: surprises(model, data.held_out))
    targets = stages.float_targets(model, data.calibration, output / "targets.safetensors")
    steps.reached(1, "targets.safetensors")
    aims = stages.float_targets(model, data.held_out, output / "aims.safetensors")
    convert(model, bits)
    if arm.pairs:
        stages.smooth(model, data.calibration, inputs["alpha"], arm.pairs, output / "smooth.safetensors")
    stages.ranges(model, data.calibration, output / "ranges.safetensors")
    steps.reached(2, "ranges.safetensors")
    trainable = 0
    losses: list[float] = []
    kept = output / "learning.safetensors"
    if arm.learns == "end-to-end":
        found, losses = learn(
            model, data.calibration, targets, settings, seed, kept, lambda done: saved(2 + done, total)
        )
        trainable = found.count()
    elif arm.learns == "block-wise":
        trainable, losses = learn_blocks(
            model, data.calibration, arm.transforms, settings, seed, kept, lambda done: saved(2 + done, total)
        )
    freeze(model)
    name = inputs["name"] or f"{source.name}-{inputs['method']}-{bits.label}"
    write_model(output / "model", model, bits, source.folder, name)
    after = surprises(model, data.held_out)
    counts = tokens(data.held_out)
    measured = {
        "scheme": bits.label,
        "perplexity_float": perplexity(before, counts),
        "perplexity": perplexity(after, counts),
        "surprise_float": before,
        "surprise": after,
        "held_out_tokens": counts,
        "hidden_error": _hidden_error(model, data.held_out, aims),
        "losses": losses,
        "bytes": sizes(model, output / "model" / WEIGHTS),
    }
    saved(total, total)
    return Done(source, name, parameters, trainable, bits_used(model), data.facts, measured)


class _Steps:
    """Tells of a stage only the first time: a resumed call finds its file."""

    def __init__(self, output: Path, total: int, saved: Saved) -> None:
        self._there = {path.name for path in output.glob("*.safetensors")}
        self._total, self._saved = total, saved

    def reached(self, step: int, file: str) -> None:
        """A stage's file is on disk."""
        if file not in self._there:
            self._saved(step, self._total)


def bits_used(model: Any) -> dict[str, int]:
    """The widest code of each class that the quantised model really has, counted from its integers and ranges."""
    narrow, wide, weights = 0, 0, 0
    for _, part in parts(model):
        if isinstance(part, Site):
            width = int(part.bounds[1]).bit_length()
            narrow, wide = (max(narrow, width), wide) if part.name in NARROW else (narrow, max(wide, width))
        elif isinstance(part, Projection):
            assert part.codes is not None
            span = int(part.codes.max()) - (int(part.codes.min()) if part.symmetric else 0)
            weights = max(weights, span.bit_length())
        else:
            assert part.codes is not None
            wide = max(wide, int(part.codes.max()).bit_length())
    return {"weight_bits": weights, "activation_bits": narrow, "wide_bits": wide}


def sizes(model: Any, file: Path) -> dict[str, int]:
    """Bytes: of the projections' codes and ranges, of the same in float16 and float32, and of the whole file."""
    linears = [part for _, part in parts(model) if isinstance(part, Projection)]
    count = sum(each.weight.numel() for each in linears)
    packed = sum(
        -(-each.weight.numel() * each.bits // 8) if each.bits in (4, 8) else each.weight.numel() for each in linears
    )
    ranges = sum(5 * each.scale.numel() for each in linears if each.scale is not None)
    return {
        "projections": packed + ranges, "projections_float16": 2 * count, "projections_float32": 4 * count,
        "file": file.stat().st_size,
    }  # fmt: skip


def _hidden_error(model: Any, items: Sequence[Item], aims: Sequence[Any]) -> float:
    """Mean squared error of what enters the final norm, relative to its mean square in the float model."""
    import torch

    with torch.no_grad():
        error = sum(
            float((last_hidden(model, i.embeds) - a).double().square().sum()) for i, a in zip(items, aims, strict=True)
        )
    return error / sum(float(each.double().square().sum()) for each in aims)


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """JSON that an earlier call wrote; of a first call, what `make` gives."""
    if not path.exists():
        write_json(path, make())
    return json.loads(path.read_text("utf-8"))
