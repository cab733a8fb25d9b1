"""The cases that are trained on, and their latents, computed once.

Layout of the cache: `latents/<number>.safetensors`, `SHARD` cases each, in the order of the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.case import Case
from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import atomic_write, content_hash, sha256_bytes
from data_splits.sources import load_split
from data_splits.sources.registry import parse_option
from data_splits.split import Split
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.capacity_control.pace import Pace

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.capacity_control.base import Base

SHARD = 256

CHOICE_SEED = 0
"""Which patients a smaller training set holds follows from their names alone: arms and seeds share them."""


@dataclass(frozen=True)
class Chosen:
    """What is trained on. split: loaded. subset: its name. cases: in order of id. silent: cases without a prompt.

    distrusted: cases that have a prompt and the weight 0.
    """

    split: Split
    subset: str
    cases: tuple[Case, ...]
    silent: int
    distrusted: int = 0

    @property
    def patients(self) -> int:
        """How many patients."""
        return len({case.patient for case in self.cases})

    def prompt_hashes(self) -> dict[str, str]:
        """Case id -> sha256 of its prompt."""
        return {case.id: sha256_bytes((case.prompt or "").encode()) for case in self.cases}

    def hash(self) -> str:
        """sha256 over names, prompts and, where the split knows them, images: ids alone are those of any cohort."""
        images = [self.split.image_hashes.get(case.id) for case in self.cases]
        weights = [] if self.weights is None else [list(self.weights)]
        return content_hash([self.split.name, self.prompt_hashes(), images, *weights])

    @property
    def weights(self) -> tuple[float, ...] | None:
        """How much each case counts, scaled to a mean of 1; None where all count the same."""
        given = [case.weight for case in self.cases]
        if len(set(given)) < 2:
            return None
        mean = sum(given) / len(given)
        return tuple(each / mean for each in given)

    @property
    def effective(self) -> float:
        """Kish's effective number of images, (sum w)^2 / sum w^2."""
        scaled = self.weights or (1.0,) * len(self.cases)
        return sum(scaled) ** 2 / sum(each * each for each in scaled)


def choose(split: Any, options: Any, subset: str, patients: int, images: int, ids: Any = None) -> Chosen:
    """The cases of a subset that have a prompt and a weight above 0, of so many patients, at most so many images.

    Args:
        split: NAME or NAME:PATH, or a loaded split. options: "seed=1,size=128", or a table of them.
        patients, images: 0 for all. A smaller number is a part of a larger one.
        ids: case ids (a list, or comma-separated) instead.

    Raises:
        UserError: no such split, subset or case, or nothing in it that has a prompt and a weight above 0.
    """
    loaded = split if isinstance(split, Split) else load_split(str(split), **_options(options))
    found = loaded.cases(subset)
    wanted = {each.strip() for each in ids.split(",")} if isinstance(ids, str) else set(ids or ())
    if wanted:
        found = tuple(case for case in found if case.id in wanted)
        if len(found) != len(wanted):
            absent = sorted(wanted - {case.id for case in found})[0]
            raise UserError(f"Subset {subset!r} of {loaded.name} has no case {absent}.")
    speaking = [case for case in found if case.prompt]
    if not speaking:
        raise UserError(f"Subset {subset!r} of {loaded.name} has no prompts to learn from. Choose another --split.")
    told, speaking = len(speaking), [case for case in speaking if case.weight > 0.0]
    if not speaking:
        raise UserError(f"Every case of subset {subset!r} of {loaded.name} has the weight 0: nothing is to be learnt.")
    distrusted = told - len(speaking)
    if patients:
        order = sorted({case.patient for case in speaking}, key=lambda each: (_rank(each, "patient"), each))
        kept = set(order[:patients])
        speaking = [case for case in speaking if case.patient in kept]
    if images:
        speaking = sorted(speaking, key=lambda case: (_rank(case.id, "case"), case.id))[:images]
    chosen = tuple(sorted(speaking, key=lambda case: case.id))
    return Chosen(loaded, subset, chosen, sum(not case.prompt for case in found), distrusted)


def _rank(name: str, purpose: str) -> int:
    return derive_seed(CHOICE_SEED, name, purpose=f"capacity-control/{purpose}")


def _options(options: Any) -> dict[str, Any]:
    if not options:
        return {}
    if isinstance(options, dict):
        return dict(options)
    return dict(parse_option(each) for each in str(options).split(",") if each.strip())


def pixels(images: Sequence[Any], side: int, channels: int) -> Tensor:
    """Radiographs as float32[n, channels, side, side] in [-1, 1]: shorter side resized, central square.

    Never flipped, unlike the published recipe: a mirrored chest is another diagnosis.
    """
    import torch

    from model_adapters.encoders.preprocessing import Filter, planes, shortest_edge_crop

    rows = []
    for image in images:
        cut = shortest_edge_crop(list(planes(image)), side, side, Filter.BICUBIC)
        exact = [plane.astype(np.float32) for plane in cut]
        grey = np.mean(exact, axis=0)
        rows.append(np.stack([grey] if channels == 1 else exact if len(exact) == 3 else [grey] * 3))
    return torch.from_numpy(np.stack(rows) / 127.5 - 1.0).float()


class Latents:
    """Latents of the chosen cases, from the cache in `folder` or computed into it; float32[c, h, w] each."""

    def __init__(self, chosen: Chosen, base: Base, folder: Path) -> None:
        self.count = len(chosen.cases)
        self.files = [folder / f"{index:05d}.safetensors" for index in range(-(-self.count // SHARD))]
        pace = Pace("latents", self.count)
        for index, file in enumerate(self.files):
            if not file.exists():
                _encode(chosen, index * SHARD, base, file, pace)

    def __call__(self, rows: Sequence[int]) -> Tensor:
        """float32[n, c, h, w] of the cases at these positions."""
        import torch
        from safetensors import safe_open

        parts: dict[int, Tensor] = {}
        for shard in sorted({row // SHARD for row in rows}):
            with safe_open(self.files[shard], "pt") as file:
                stored = file.get_slice("latents")
                parts |= {row: stored[row % SHARD] for row in set(rows) if row // SHARD == shard}
        return torch.stack([parts[row] for row in rows])


def _encode(chosen: Chosen, start: int, base: Base, file: Path, pace: Pace) -> None:
    import torch
    from safetensors.torch import save

    found = []
    for case in chosen.cases[start : start + SHARD]:
        try:
            image = chosen.split.read_image(case)
        except ImageUnreadable as error:
            raise UserError(
                f"The image of case {case.id} cannot be read: {error} `data-splits verify` lists every such file; "
                "leave it out with cases=..."
            ) from error
        # One at a time: a latent must not depend on its company.
        found.append(base.encode(pixels([image], base.size, base.channels))[0].float().cpu())
        pace(start + len(found))
    with atomic_write(file) as stream:
        stream.write(save({"latents": torch.stack(found).contiguous()}))


class Texts:
    """What the denoiser is told of prompts; each is encoded by itself, and kept while there is room.

    Args:
        room: bytes of memory for what was encoded before.
    """

    def __init__(self, base: Base, room: int = 2**30) -> None:
        self.base, self.room = base, room
        self._kept: dict[str, dict[str, Tensor]] = {}

    def __call__(self, prompts: Sequence[str]) -> dict[str, Tensor]:
        """Tensors [n, ...] by the denoiser's own argument names."""
        import torch

        rows = [self._one(prompt) for prompt in prompts]
        return {name: torch.cat([row[name] for row in rows]).to(self.base.device) for name in rows[0]}

    def _one(self, prompt: str) -> dict[str, Tensor]:
        if prompt in self._kept:
            return self._kept[prompt]
        told = {name: each.detach().cpu() for name, each in self.base.condition(prompt).items()}
        size = sum(each.numel() * each.element_size() for each in told.values())
        if size <= self.room:
            self.room -= size
            self._kept[prompt] = told
        return told
