"""`biovil-t`: microsoft/BiomedVLP-BioViL-T, the image-text model of CheXGenBench's alignment score.

Own modules load the published weights: no remote code, no hi-ml. Both halves give L2-normalised 128-d vectors of one
space (Bannur et al. 2023, arXiv 2301.04558).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.biovil_t_preprocessing import CROP, ID, preprocess
from model_adapters.encoders.weights import cached_snapshot, file_sha256, load_exactly, local_source, read_state_dict
from model_adapters.protocols import BuildContext, Encoder, TextEncoder
from model_adapters.requirements import Estimate, Missing

if TYPE_CHECKING:
    from transformers import BertConfig

REPOSITORY = "microsoft/BiomedVLP-BioViL-T"
REVISION = "692f09e9be1bfe5fdd5f3efdd0e1eca7d2c10b23"
IMAGE = "biovil_t_image_model_proj_size_128.pt"
TEXT, OLD_TEXT = "model.safetensors", "pytorch_model.bin"
CONFIG, VOCABULARY = "config.json", "vocab.txt"
PINNED = {
    "b2399d73dc2a68b9f3a1950e864ae0ecd24093fb07aa459d7e65807ebdc0fb77": IMAGE,
    "6d86a8d760eaa09c9a55d57cc6f6bb01b0cbccb8b827fc775a79f37a8fbda76c": f"{OLD_TEXT} of tag v1.0",
}
"""sha256 -> torch file that may be opened. Not seen here; several unrelated public projects record the same values."""

UNUSED_TEXT = ("cls.", "bert.pooler.", "bert.embeddings.position_ids")
"""Weights of the text file that the projected embedding does not read (word prediction, BERT's own pooler)."""

_HOW = (
    f"`hf download {REPOSITORY} {IMAGE} {TEXT} {CONFIG} {VOCABULARY} tokenizer_config.json`, "
    "or point to a folder that holds them: --encoder-weights biovil-t=/path/to/folder"
)

CARD = ModelCard(
    name="biovil-t",
    kind="encoder",
    source=REPOSITORY,
    licence="MIT",
    verified=False,
    revision=REVISION,
    parameters=27_349_928,
    resolution=CROP,
    settings={
        "features": "projected global embedding of a single image, L2-normalised, 128-d; text: projected [CLS]",
        "input": "min-max to 8 bit, grey, shortest edge 512 by bilinear in 8 bit, central 448 crop, [0, 1]",
    },
    training_data=("mimic-cxr",),
    needs=("download of 0.55 GB from the hub",),
    download_gb=0.551,
    memory_gb=2.0,
    notes=(
        "Trained on MIMIC-CXR images and reports: alignment measured there is measured on its training hospital.",
        "The number of parameters is that of the image half; the text half has 109 million.",
        "Single-image mode of a temporal model: the change since a previous image is its learned constant.",
        "The hub files were not seen; layout, number of tensors (372) and file sizes agree with the public source.",
        "v1 and v2 preprocess alike, as published.",
    ),
)


@dataclass(frozen=True)
class Files:
    """Where the files lie; None where they are not on this machine."""

    image: Path | None
    text: Path | None
    folder: Path | None


def build(context: BuildContext) -> Encoder:
    """The encoder from the hub cache or from a folder the user names; its text half is loaded when asked for.

    Raises:
        UserError: files are missing, are not the pinned ones, or do not have the published layout.
    """
    from model_adapters.encoders.joint_encoder import JointEncoder
    from model_adapters.encoders.preprocessing import Preprocessing
    from model_adapters.encoders.torch_encoder import require_float32

    require_float32(context)
    files = locate(context)
    if missing := _missing(files):
        raise UserError(f"No {missing[0].what} on this machine. {missing[0].how}")
    assert files.image is not None
    from model_adapters.encoders.biovil_t_network import JOINT, BioViLTImage

    network = BioViLTImage()
    _fill(network, files.image, "the image half of BioViL-T")
    return JointEncoder(
        card=_card(files),
        network=network,
        forward=network,
        preprocessing=Preprocessing(ID, preprocess),
        dim=JOINT,
        weight_hashes={files.image.name: file_sha256(files.image)},
        device=context.device,
        channels_last=True,
        text=lambda: _text_half(files, context.device),
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The files that are not on this machine."""
    return _missing(locate(context))


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, the images of a batch run side by side; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.6 * images, 2.0, "one CPU thread", "a guess at 448 px, not measured")


def locate(context: BuildContext) -> Files:
    """The files in the folder the user named, else in the hub cache (pinned revision first).

    Raises:
        UserError: the user named something that is not a folder.
    """
    folder = local_source(context)
    if folder is None:
        image = cached_snapshot(REPOSITORY, (IMAGE,), REVISION)
        text = cached_snapshot(REPOSITORY, (CONFIG, VOCABULARY, TEXT), REVISION)
        text_file = text / TEXT if text is not None else None
        if text_file is None and (text := cached_snapshot(REPOSITORY, (CONFIG, VOCABULARY, OLD_TEXT), "v1.0")):
            text_file = text / OLD_TEXT
        return Files(image / IMAGE if image else None, text_file, None)
    if not folder.is_dir():
        raise UserError(
            f"{folder} is not a folder. BioViL-T needs a folder with {IMAGE}, {CONFIG}, {VOCABULARY}, {TEXT}."
        )
    images = [folder / name for name in (Path(IMAGE).with_suffix(".safetensors").name, IMAGE)]
    texts = [folder / name for name in (TEXT, OLD_TEXT)]
    whole = all((folder / name).is_file() for name in (CONFIG, VOCABULARY))
    return Files(
        next((path for path in images if path.is_file()), None),
        next((path for path in texts if path.is_file()), None) if whole else None,
        folder,
    )


def _missing(files: Files) -> list[Missing]:
    lacking = []
    if files.image is None:
        lacking.append(Missing(f"image weights of {REPOSITORY} ({IMAGE})", _HOW, 0.11))
    if files.text is None:
        lacking.append(Missing(f"text weights of {REPOSITORY} ({CONFIG}, {VOCABULARY}, {TEXT})", _HOW, 0.441))
    return lacking


def _card(files: Files) -> ModelCard:
    if files.folder is None:
        return CARD
    return CARD.model_copy(update={"source": f"local folder {files.folder.name}", "revision": None})


def _fill(network: object, path: Path, what: str, unused: Sequence[str] = ()) -> None:
    instead = f"Get the published one: {_HOW}"
    state = read_state_dict(path, PINNED, instead=instead)
    ignore = [key for key in state if key.startswith(tuple(unused))] if unused else []
    load_exactly(network, state, what=what, ignore=ignore)  # type: ignore[arg-type]


def _text_half(files: Files, device: str) -> TextEncoder:
    from transformers import BertTokenizer

    from model_adapters.encoders.biovil_t_network import BioViLTText
    from model_adapters.encoders.text_encoder import TorchTextEncoder
    from model_adapters.encoders.transformers_folder import quiet_transformers

    path = files.text
    assert path is not None
    config = _bert_config(path.parent / CONFIG)
    network = BioViLTText(config)
    _fill(network, path, "the text half of BioViL-T", UNUSED_TEXT)
    with quiet_transformers():
        tokeniser = BertTokenizer.from_pretrained(path.parent, local_files_only=True)
    limit = int(config.max_position_embeddings)

    def tokenise(text: str) -> Mapping[str, Sequence[int]]:
        encoded = tokeniser(text, truncation=True, max_length=limit)
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    return TorchTextEncoder(
        card=_card(files),
        network=network,
        tokenise=tokenise,
        forward=lambda inputs: network(**inputs),
        tokeniser_id=f"{file_sha256(path.parent / VOCABULARY)}/{limit}",
        dim=network.cls_projection_head.dense_to_output.out_features,
        weight_hashes={path.name: file_sha256(path)},
        device=device,
    )


def _bert_config(path: Path) -> BertConfig:
    """BERT's numbers from the checkpoint's config.json, whose own type (cxr-bert) transformers does not know."""
    from transformers import BertConfig

    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {path}: {error}. Download the checkpoint again.") from error
    if config.get("model_type") not in ("cxr-bert", "bert"):
        raise UserError(f"{path} is of a {config.get('model_type')!r} model; BioViL-T's text half is a cxr-bert.")
    known = set(BertConfig().to_dict()) - {"model_type", "architectures", "transformers_version", "dtype"}
    bert = BertConfig(**{key: value for key, value in config.items() if key in known})
    bert.projection_size = int(config.get("projection_size", 128))
    return bert
