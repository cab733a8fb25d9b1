"""Loading of DINOv2-type checkpoints (folder or hub cache), and their image processor without torchvision.

What `rad-dino` and `dinov2` share: transformers' `Dinov2Model`, `pooler_output` (the layer-normed class token), and
the steps of the checkpoint's own `preprocessor_config.json` (BitImageProcessor: shortest edge, central crop, rescale,
normalise), done by Pillow in 8 bit as the published processor does them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import (
    Filter,
    Plane,
    Preprocessing,
    normalised,
    planes,
    shortest_edge_crop,
    squashed,
)
from model_adapters.encoders.torch_encoder import TorchEncoder, require_float32
from model_adapters.encoders.transformers_folder import quiet_transformers
from model_adapters.encoders.weights import cached_snapshot, file_sha256, hub_id, local_source
from model_adapters.protocols import BuildContext, Image
from model_adapters.requirements import Missing

if TYPE_CHECKING:
    from transformers import Dinov2Model

FILES = ("config.json", "preprocessor_config.json", "model.safetensors")


@dataclass(frozen=True)
class Processor:
    """The numbers of a BitImageProcessor."""

    edge: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    kernel: Filter = Filter.BICUBIC
    scale: float = 1 / 255

    @property
    def id(self) -> str:
        """Every number, for the fingerprint."""
        return (
            f"edge{self.edge}-crop{self.crop}-{self.kernel.name.lower()}-uint8-scale{self.scale:.8g}"
            f"-mean{','.join(f'{x:g}' for x in self.mean)}-std{','.join(f'{x:g}' for x in self.std)}"
        )

    def apply(self, image_planes: list[Plane]) -> NDArray[np.float32]:
        """uint8 planes -> float32[3, crop, crop]."""
        cropped = shortest_edge_crop(image_planes, self.edge, self.crop, self.kernel)
        return normalised(cropped, self.mean, self.std, self.scale)


@dataclass(frozen=True)
class Detour:
    """What happens to an image before the processor; the default is nothing.

    Attributes:
        id: prefix of the preprocessing's id.
        side: squash to side x side in 8 bit first (bilinear), or None to hand the image on as it is.
    """

    id: str = ""
    side: int | None = None

    def apply(self, image: Image) -> list[Plane]:
        """uint8[H, W] or uint8[H, W, 3] -> uint8 planes."""
        if self.side is None:
            return list(planes(image))
        return squashed(image, self.side, Filter.BILINEAR, rounded=True)


@dataclass(frozen=True)
class Source:
    """Where a checkpoint lies: `folder` is None where it is not on this machine."""

    label: str
    folder: Path | None
    revision: str | None = None


def locate(context: BuildContext, repository: str, revision: str | None) -> Source:
    """The folder the user named, else the hub cache of the repository the user named, else of the published one.

    Raises:
        UserError: the user named a path that is not a checkpoint folder.
    """
    path = local_source(context)
    if path is not None:
        if not (path / "config.json").is_file() or not any(path.glob("*.safetensors")):
            raise UserError(
                f"{path} is not a checkpoint folder: it needs config.json and model.safetensors "
                f"(a `save_pretrained` folder, or `hf download {repository} --local-dir FOLDER`)."
            )
        return Source(f"local folder {path.name}", path)
    other = hub_id(context)
    if other is not None and other != repository:
        repository, revision = other, None
    folder = cached_snapshot(repository, FILES, revision)
    commit = folder.name if folder is not None and len(folder.name) == 40 else revision
    return Source(repository, folder, commit)


def missing_checkpoint(source: Source, name: str, size_gb: float | None) -> list[Missing]:
    """What to download, and how to point to a copy, where the checkpoint is not on this machine."""
    if source.folder is not None:
        return []
    how = (
        f"`hf download {source.label} {' '.join(FILES)}`, or point to a copy: --encoder-weights {name}=/path/to/folder"
    )
    return [Missing(f"weights of {source.label}", how, size_gb)]


def build_dinov2(
    context: BuildContext, card: ModelCard, source: Source, fallback: Processor, *, whole_field: bool, detour: Detour
) -> TorchEncoder:
    """The encoder from a located checkpoint.

    Args:
        context: device and dtype.
        card: the adapter's card; source and revision are replaced by what was loaded.
        source: from `locate`.
        fallback: numbers to use where a local folder has no preprocessor_config.json.
        whole_field: bring the shortest edge straight to the crop size, so that no margin of a square image is lost.
        detour: what v1 does before the processor.

    Raises:
        UserError: not on this machine, not a DINOv2 checkpoint, or incomplete.
    """
    require_float32(context)
    if missing := missing_checkpoint(source, card.name, card.download_gb):
        raise UserError(f"No {missing[0].what} on this machine. {missing[0].how}")
    assert source.folder is not None
    network = load_dinov2(source.folder)
    processor = read_processor(source.folder, fallback)
    if whole_field:
        processor = replace(processor, edge=processor.crop)
    dim = int(network.config.hidden_size)
    local = source.label != card.source
    return TorchEncoder(
        card=card.model_copy(
            update={
                "source": source.label,
                "revision": source.revision,
                "verified": card.verified and not local,
                "parameters": sum(parameter.numel() for parameter in network.parameters()),
                "resolution": processor.crop,
            }
        ),
        network=network,
        forward=lambda batch: network(pixel_values=batch).pooler_output,
        preprocessing=Preprocessing(detour.id + processor.id, lambda image: processor.apply(detour.apply(image))),
        dim=dim,
        weight_hashes={path.name: file_sha256(path) for path in sorted(source.folder.glob("*.safetensors"))},
        device=context.device,
    )


def load_dinov2(folder: Path) -> Dinov2Model:
    """`Dinov2Model` from a folder, safetensors only, every weight from the file.

    Raises:
        UserError: another model type, or weights missing (transformers would leave them random with a warning).
    """
    import torch
    from transformers import Dinov2Model

    config = _read_json(folder / "config.json")
    if config.get("model_type") != "dinov2":
        raise UserError(f"{folder.name} holds a {config.get('model_type')!r} model; this encoder needs a dinov2 one.")
    with quiet_transformers():
        loaded: Any = Dinov2Model.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    network: Dinov2Model = loaded[0]
    info: dict[str, Any] = loaded[1]
    absent = sorted(info["missing_keys"]) + sorted(str(key) for key in info.get("mismatched_keys", ()))
    if absent:
        raise UserError(
            f"{folder.name} is not a complete DINOv2 checkpoint: it lacks {absent[0]!r} ({len(absent)} such in all)."
        )
    return network


def read_processor(folder: Path, fallback: Processor) -> Processor:
    """The checkpoint's own numbers, or `fallback` where the folder has no preprocessor_config.json.

    Raises:
        UserError: steps that this reader does not do.
    """
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return fallback
    config = _read_json(path)
    for step in ("do_resize", "do_center_crop", "do_rescale", "do_normalize"):
        if not config.get(step, True):
            raise UserError(f"{path} switches {step} off; this encoder needs all steps of a BitImageProcessor.")
    size, crop = config.get("size"), config.get("crop_size")
    edge = size.get("shortest_edge") if isinstance(size, dict) else size
    side = crop.get("height") if isinstance(crop, dict) else crop
    if not isinstance(edge, int) or not isinstance(side, int) or (isinstance(crop, dict) and crop.get("width") != side):
        raise UserError(f"{path} has no shortest_edge and square crop_size: not the settings of a BitImageProcessor.")
    return Processor(
        edge=edge,
        crop=side,
        mean=tuple(config["image_mean"]),
        std=tuple(config["image_std"]),
        kernel=Filter(config.get("resample", Filter.BICUBIC)),
        scale=config.get("rescale_factor", 1 / 255),
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {path}: {error}. Download the checkpoint again.") from error
    return content
