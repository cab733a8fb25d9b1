"""Sequences to calibrate, to learn and to measure on: windows of text, stored token ids, or questions with answers.

Calibration and held-out parts never share a document (of a single text, they are its first four fifths and the rest).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.mobilequant.sources import Source

if TYPE_CHECKING:
    from torch import Tensor

PYTHON_DOCS, STANDARD_LIBRARY, QUESTIONS = "python-docs", "standard-library", "mirb-procedural"
IGNORED = -100
EVERY = 5
"""One document in so many is held out."""


@dataclass(frozen=True)
class Item:
    """One sequence.

    Attributes:
        embeds: float32[1, tokens, width], what enters the first layer.
        targets: int64[tokens], the token that follows each; IGNORED where it does not count.
    """

    embeds: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Data:
    """Sequences of a run, and what the record says of them."""

    calibration: list[Item]
    held_out: list[Item]
    facts: list[dict[str, Any]]


def read_data(text: str | None, source: Source, samples: int, length: int, held_out: int, seed: int) -> Data:
    """Sequences for a model.

    Args:
        text: python-docs, standard-library, mirb-procedural, a .safetensors file, or comma-separated text files;
            None: what suits the model.
        samples, held_out: how many sequences of each kind. length: tokens each, where they are cut from text.

    Raises:
        UserError: no such text, too little of it, or no tokenizer to read it with.
    """
    text = text or (QUESTIONS if source.vlm is not None else PYTHON_DOCS)
    if (text == QUESTIONS) != (source.vlm is not None):
        raise UserError(
            f"calibration {text} does not suit model {source.name}: {QUESTIONS} is for the embedded VLM, which reads "
            "images, and for it alone."
        )
    if samples < 1 or length < 2 or held_out < 1:
        raise UserError("samples and held_out must be at least 1, and length at least 2.")
    if text == QUESTIONS:
        from model_adapters.methods.mobilequant.questions import read_questions

        return read_questions(source, samples, held_out, seed)
    if text.endswith(".safetensors"):
        return _stored(Path(text).expanduser(), source, samples, held_out, seed)
    documents, facts = _documents(text)
    if source.tokenizer is None:
        raise UserError(
            f"{source.name} has no tokenizer.json. Give calibration as a .safetensors file of token ids "
            "(tensors tokens and held_out, int, [sequences, length])."
        )
    kept, held = _parted(documents)
    ids = {
        name: source.tokenizer.encode("\n\n".join(part)).ids
        for name, part in (("calibration", kept), ("held_out", held))
    }
    rows = _windows(ids["calibration"], samples, length, seed, "calibration")
    tests = [
        ids["held_out"][i * length : (i + 1) * length + 1]
        for i in range(min(held_out, (len(ids["held_out"]) - 1) // length))
    ]
    if len(tests) < held_out:
        raise UserError(f"{text} gives {len(tests)} held-out sequences of {length} tokens, not {held_out}. Lower one.")
    return Data([_item(source.model, row) for row in rows], [_item(source.model, row) for row in tests], facts)


def _item(model: Any, ids: Sequence[int]) -> Item:
    import torch

    tokens = torch.as_tensor(ids, device=model.model.embed_tokens.weight.device)
    with torch.no_grad():
        return Item(model.model.embed_tokens(tokens[:-1])[None], tokens[1:].long())


def _windows(ids: Sequence[int], samples: int, length: int, seed: int, what: str) -> list[Sequence[int]]:
    import numpy as np

    room = len(ids) - length - 1
    if room < samples:
        raise UserError(f"The {what} text has {len(ids)} tokens, too few for {samples} sequences of {length}.")
    rng = np.random.default_rng(derive_seed(seed, what, purpose="mobilequant-windows"))
    return [ids[start : start + length + 1] for start in np.sort(rng.choice(room, samples, replace=False))]


def _stored(path: Path, source: Source, samples: int, held_out: int, seed: int) -> Data:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
        tokens, tests = tensors["tokens"].long(), tensors["held_out"].long()
    except FileNotFoundError:
        raise UserError(f"No calibration file at {path}.") from None
    except (SafetensorError, KeyError) as error:
        raise UserError(f"{path} must hold tensors tokens and held_out, [sequences, length] ({error}).") from error
    words = source.model.config.vocab_size
    for name, rows in (("tokens", tokens), ("held_out", tests)):
        if rows.ndim != 2 or rows.shape[1] < 3 or not bool(((rows >= 0) & (rows < words)).all()):
            raise UserError(f"{name} in {path} must be token ids below {words}, [sequences, length of at least 3].")
    if len(tokens) < samples or len(tests) < held_out:
        raise UserError(f"{path} holds {len(tokens)} and {len(tests)} sequences, not {samples} and {held_out}.")
    generator = torch.Generator().manual_seed(derive_seed(seed, "stored", purpose="mobilequant-windows") % 2**63)
    chosen = torch.randperm(len(tokens), generator=generator)[:samples].sort().values
    fact = _fact(path.stem, "of the user", sha256_file(path), "that of the text")
    return Data(
        [_item(source.model, row) for row in tokens[chosen].tolist()],
        [_item(source.model, row) for row in tests[:held_out].tolist()],
        [fact],
    )


def _documents(text: str) -> tuple[list[str], list[dict[str, Any]]]:
    if text == PYTHON_DOCS:
        from pydoc_data.topics import topics

        found = [topics[name] for name in sorted(topics)]
        return found, [_fact(text, _python(), content_hash(found), "PSF-2.0")]
    if text == STANDARD_LIBRARY:
        import os

        files = sorted(Path(os.__file__).parent.glob("*.py"))
        found = [each.read_text("utf-8", "replace") for each in files]
        return found, [_fact(text, _python(), content_hash(found), "PSF-2.0")]
    found, facts = [], []
    for name in (each.strip() for each in text.split(",")):
        path = Path(name).expanduser()
        if not path.is_file():
            raise UserError(
                f"No calibration text at {path}. Name text files, a .safetensors of token ids, {PYTHON_DOCS} or "
                f"{STANDARD_LIBRARY}."
            )
        found.append(path.read_text("utf-8", "replace"))
        facts.append(_fact(path.stem, "of the user", sha256_file(path), "that of the text"))
    return found, facts


def _parted(documents: list[str]) -> tuple[list[str], list[str]]:
    if len(documents) < EVERY:
        cut = [len(each) * (EVERY - 1) // EVERY for each in documents]
        return (
            [d[:c] for d, c in zip(documents, cut, strict=True)],
            [d[c:] for d, c in zip(documents, cut, strict=True)],
        )
    held = documents[EVERY - 1 :: EVERY]
    return [each for i, each in enumerate(documents) if i % EVERY != EVERY - 1], held


def _fact(name: str, version: str, digest: str, licence: str) -> dict[str, Any]:
    subset = "calibration and held-out parts"
    return {
        "name": name,
        "version": version,
        "subset": subset,
        "hash": digest,
        "licence": licence,
        "credentialed": False,
    }


def _python() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
