"""Text of many languages for federations: the message catalogues of Django, cut into examples of clients."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed

Encode = Callable[[str], Sequence[int]]
"""Text -> token ids."""


def as_bytes(text: str) -> list[int]:
    """A token is a byte."""
    return list(text.encode())


@dataclass(frozen=True)
class Cut:
    """How much text a client has.

    Attributes:
        seen, unseen: languages; of the unseen no client takes part in training.
        a_language: clients of a language; the first of a seen language takes part in training.
        length: tokens of an example. train, test: examples of a client, at most.
    """

    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    a_language: int
    length: int
    train: int
    test: int


def messages(path: Path) -> list[str]:
    """The translations in a compiled gettext catalogue (.mo), in the order of the file; no header.

    Raises:
        UserError: there is no such file.
    """
    if not path.is_file():
        raise UserError(f"No catalogue at {path}. Give --catalogues the folder `django` inside the unpacked package.")
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    _, count, _, table = struct.unpack_from(f"{order}4I", data, 4)
    found = []
    for index in range(count):
        length, start = struct.unpack_from(f"{order}2I", data, table + 8 * index)
        found.append(data[start : start + length].decode("utf-8").split("\x00")[0])
    return found[1:]


def blocks(text: Sequence[str], length: int, encode: Encode, seed: int, most: int | None = None) -> torch.Tensor:
    """int64[n, length]: messages in a random order, a line each, cut in blocks; what is left over is dropped.

    Args:
        most: n at most.

    Raises:
        UserError: there is not enough text for one block.
    """
    rng = np.random.default_rng(seed)
    tokens = encode("\n".join(text[index] for index in rng.permutation(len(text))))
    number = min(len(tokens) // length, most or len(tokens))
    if not number:
        raise UserError(f"A catalogue has {len(tokens)} tokens; {length} are needed. Choose a larger project.")
    return torch.tensor(tokens[: number * length], dtype=torch.int64).reshape(number, length)


def write_clients(folder: Path, catalogues: Path, cut: Cut, encode: Encode, seed: int) -> tuple[list[str], list[str]]:
    """Files of clients, seen and unseen, from Django's core catalogues (conf/locale).

    No message is in two clients, or in the training and the test examples of one.
    """
    from safetensors.torch import save

    seen: list[str] = []
    unseen: list[str] = []
    for language in (*cut.seen, *cut.unseen):
        text = messages(catalogues / "conf" / "locale" / language / "LC_MESSAGES" / "django.mo")
        rng = np.random.default_rng(derive_seed(seed, language, purpose="catalogue"))
        order = [text[index] for index in rng.permutation(len(text))]
        parts = [order[index :: 2 * cut.a_language] for index in range(2 * cut.a_language)]
        for number in range(cut.a_language):
            examples = {
                "train": blocks(parts[2 * number], cut.length, encode, 1, cut.train),
                "test": blocks(parts[2 * number + 1], cut.length, encode, 2, cut.test),
            }
            path = folder / f"{language}-{number}.safetensors"
            with atomic_write(path) as stream:
                stream.write(
                    save({f"{part}.{name}": each.clone() for part, each in examples.items()
                          for name in ("inputs", "targets")})
                )  # fmt: skip
            (seen if number == 0 and language in cut.seen else unseen).append(str(path))
    return seen, unseen


def applications(catalogues: Path, languages: Sequence[str], length: int) -> torch.Tensor:
    """int64[n, length]: bytes of the catalogues of Django's applications (contrib), which no client has."""
    found = []
    for language in languages:
        files = sorted(catalogues.glob(f"contrib/*/locale/{language}/LC_MESSAGES/django*.mo"))
        found.append(blocks([message for file in files for message in messages(file)], length, as_bytes, 0))
    return torch.cat(found)
