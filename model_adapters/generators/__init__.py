"""Image generators by name. Importing this imports no adapter."""

from __future__ import annotations

import json
from pathlib import Path

from data_splits.errors import UserError
from model_adapters.protocols import ImageGenerator
from model_adapters.registry import Registry, split_target

_HERE = "model_adapters.generators"

GENERATORS: Registry[ImageGenerator] = Registry(
    kind="generator",
    group="model_adapters.generators",
    entries={
        "constant": f"{_HERE}.constant:build",
        "copier": f"{_HERE}.copier:build",
        "diffusers": f"{_HERE}.any_diffusers:build",
        "embedded": f"{_HERE}.embedded:build",
        "flux.1-dev": f"{_HERE}.flux:FLUX_1_DEV",
        "images": f"{_HERE}.images:build",
        "label-shuffler": f"{_HERE}.label_shuffler:build",
        "llm-cxr": f"{_HERE}.llm_cxr:build",
        "lumina-2": f"{_HERE}.lumina2:LUMINA_2",
        "memoriser": f"{_HERE}.memoriser:build",
        "noisy-memoriser": f"{_HERE}.noisy_memoriser:build",
        "phantom-painter": f"{_HERE}.phantom_painter:build",
        "pixart-sigma": f"{_HERE}.pixart_sigma:PIXART_SIGMA",
        "radedit": f"{_HERE}.radedit:RADEDIT",
        "real-holdout": f"{_HERE}.real_holdout:build",
        "roentgen": f"{_HERE}.roentgen:ROENTGEN",
        "roentgen-v2": f"{_HERE}.roentgen:ROENTGEN_V2",
        "sana": f"{_HERE}.sana:SANA",
        "sd-1.4": f"{_HERE}.stable_diffusion:SD_1_4",
        "sd-1.5": f"{_HERE}.stable_diffusion:SD_1_5",
        "sd-2": f"{_HERE}.stable_diffusion:SD_2",
        "sd-2.1": f"{_HERE}.stable_diffusion:SD_2_1",
        "sd-3.5-medium": f"{_HERE}.stable_diffusion_3:SD_3_5_MEDIUM",
    },
    aliases={"memorizer": "memoriser", "noisy-memorizer": "noisy-memoriser", "floor": "real-holdout"},
)

_PIPELINES = {"SanaPipeline": "sana"}
"""diffusers pipeline class in a checkpoint's model_index.json -> the adapter that runs it, where not `diffusers`."""


def parse_model(text: str) -> tuple[str, str | None]:
    """Turn what stands after `--model` into (registry name, target).

    `NAME`, `NAME:TARGET`, a CSV of finished images (-> `images`), or a diffusers checkpoint folder (-> the adapter of
    its pipeline class, `diffusers` for most).

    Raises:
        UserError: an unknown name, or a path that is neither.
    """
    name, target = split_target(text)
    path = Path(text).expanduser()
    known = {*GENERATORS.targets, *(alias for each in GENERATORS.names() for alias in GENERATORS.aliases(each))}
    if name in known or not path.exists():
        return GENERATORS.resolve(name), target
    if path.suffix.lower() == ".csv":
        return "images", str(path)
    index = path / "model_index.json"
    if index.is_file():
        from model_adapters.generators.fine_tuned import adapter_of

        pipeline = json.loads(index.read_text("utf-8")).get("_class_name")
        return adapter_of(path) or _PIPELINES.get(pipeline, "diffusers"), str(path)
    if path.is_dir():
        return "images", str(path)
    raise UserError(
        f"{path} is neither a CSV of images nor a diffusers checkpoint folder. Use --model NAME or NAME:PATH."
    )
