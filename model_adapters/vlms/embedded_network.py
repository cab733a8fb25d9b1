"""The parts of the embedded VLM that are ours: where Lite0 is tapped, the projector, and LoRA folded into SmolLM2.

Training and adapter share this file, so a prompt means the same to both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from data_splits.errors import UserError
from model_adapters.encoders.lite0 import _apply as lite0_input
from model_adapters.encoders.lite0 import load_network
from model_adapters.protocols import BuildContext, Image
from model_adapters.vlms.embedded_pixels import Pixels
from model_adapters.vlms.smollm2 import WIDTH

SUFFIX = "\nAnswer:\n"
"""What follows the prompt; the answer comes next, then end of text."""


def suffix(seen: str | None) -> str:
    """The same with what the projector's own head makes of the images, as text: SmolLM2 reads it and decides."""
    return SUFFIX if seen is None else f"\nSeen: {seen}{SUFFIX}"


FINE_SIDE, COARSE_SIDE = 14, 7
FINE_CHANNELS, COARSE_CHANNELS = 4 * 40 + 112, 320
PARTS = 5  # of an image: four quadrants, then the whole
TOKENS = 2  # per image, in the prompt
MOST_IMAGES, MOST_WORDS = 64, 256
_STRIDE_8, _STRIDE_16, _STRIDE_32 = 4, 10, 15  # blocks of Lite0 whose outputs are taken


@dataclass(frozen=True)
class Features:
    """What the frozen encoder says of n images.

    Attributes:
        fine: float16[n, 14, 14, 272]: the 28 x 28 map folded to 14 x 14, and the 14 x 14 map.
        coarse: float16[n, 7, 7, 320].
    """

    fine: NDArray[np.float16]
    coarse: NDArray[np.float16]


class Eye:
    """Lite0 up to its last block, frozen, one image at a time."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = torch.device(device)
        network, self.path = load_network(BuildContext())
        self._network = network.eval().requires_grad_(False).to(self._device)

    @torch.inference_mode()
    def look(self, image: Image) -> Features:
        """The features of one image (n = 1), in half precision as training stored them."""
        x = torch.from_numpy(lite0_input(image)[None]).to(self._device)
        x = self._network._swish(self._network._bn0(self._network._conv_stem(x)))
        taken = {}
        for place, block in enumerate(self._network._blocks):
            x = block(x)
            if place in (_STRIDE_8, _STRIDE_16, _STRIDE_32):
                taken[place] = x
        fine = torch.cat([functional.pixel_unshuffle(taken[_STRIDE_8], 2), taken[_STRIDE_16]], 1)
        return Features(_half(fine), _half(taken[_STRIDE_32]))


def _half(maps: Tensor) -> NDArray[np.float16]:
    """[n, c, h, w] -> float16[n, h, w, c]."""
    return maps.permute(0, 2, 3, 1).contiguous().cpu().half().numpy()


@dataclass(frozen=True)
class Asked:
    """Some questions with the features of their images, as tensors.

    Attributes:
        fine, coarse: float32 [images, 14, 14, 272] and [images, 7, 7, 320], one question's after another's.
        counts: images per question.
        words: per question, embeddings float32 [length, 576] of the tokens of its text.
    """

    fine: Tensor
    coarse: Tensor
    counts: Sequence[int]
    words: Sequence[Tensor]


class Block(nn.Module):
    """Pre-norm self-attention and MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """float [n, places, width] -> the same shape; `known` bool [n, places] is False for padding."""
        n, places, width = x.shape
        q, k, v = self.mix(self.norm1(x)).view(n, places, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mask = None if known is None else known[:, None, None, :]
        seen = functional.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).reshape(n, places, width)
        x = x + self.out(seen)
        moved: Tensor = x + self.down(functional.gelu(self.up(self.norm2(x))))
        return moved


class Topic(nn.Module):
    """The words of a question as one vector, so that the projector knows what to look for."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.weigh = nn.Linear(WIDTH, heads)
        self.out = nn.Linear(heads * WIDTH, width)

    def forward(self, words: Sequence[Tensor]) -> Tensor:
        """float [length, 576] per question -> float [questions, width]."""
        told = []
        for each in words:
            x = self.norm(each)
            told.append((self.weigh(x).softmax(0).T @ x).flatten())
        return functional.gelu(self.out(torch.stack(told)))


class Glance(nn.Module):
    """One image on its own: Lite0's maps -> five vectors (four quadrants, the whole), steered by the question."""

    fine_mean: Tensor
    fine_std: Tensor
    coarse_mean: Tensor
    coarse_std: Tensor

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        for name, channels in (("fine", FINE_CHANNELS), ("coarse", COARSE_CHANNELS)):
            self.register_buffer(f"{name}_mean", torch.zeros(channels))
            self.register_buffer(f"{name}_std", torch.ones(channels))
        self.fine, self.coarse = nn.Linear(4 * FINE_CHANNELS, width), nn.Linear(COARSE_CHANNELS, width)
        self.place = nn.Parameter(torch.randn(COARSE_SIDE**2, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, 4) for _ in range(blocks))
        self.steer = nn.ModuleList(_linear(width, 2 * width, 0.02) for _ in range(blocks + 1))
        self.norm = nn.LayerNorm(width)
        self.detect = nn.Linear(width, 2 * width)
        self.last = nn.LayerNorm(4 * width)
        self.out = nn.Linear(4 * width, width)

    def forward(self, fine: Tensor, coarse: Tensor, topic: Tensor) -> Tensor:
        """float [n, 14, 14, 272], [n, 7, 7, 320] and [n, width] -> float [n, 5, width]."""
        n, side = len(fine), COARSE_SIDE
        x = (fine - self.fine_mean) / self.fine_std
        x = x.view(n, side, 2, side, 2, -1).transpose(2, 3).reshape(n, side * side, -1)
        x = self.fine(x) + self.coarse((coarse - self.coarse_mean) / self.coarse_std).flatten(1, 2) + self.place
        for steer, block in zip(self.steer, self.blocks, strict=False):
            x = block(_steered(x, steer(topic)))
        x = _steered(self.norm(x), self.steer[-1](topic))
        x = functional.gelu(self.detect(x)).view(n, side, side, -1)
        near, far = slice(0, side // 2 + 1), slice(side // 2, side)
        parts = [x[:, rows, columns] for rows in (near, far) for columns in (near, far)] + [x]
        # sums and maxima: how much of something there is, and whether
        pooled = [torch.cat([4 * part.mean((1, 2)), part.amax((1, 2))], -1) for part in parts]
        out: Tensor = self.out(self.last(torch.stack(pooled, 1)))
        return out


class Projector(nn.Module):
    """All images of a question, and its words, -> `TOKENS` tokens an image in the space of SmolLM2's embeddings.

    Each image is glanced at on its own; then a transformer over the vectors of all images and the words compares them.

    Args:
        width: of both transformers. blocks, layers: their depths.
        scale: standard deviation of an output value at the start: that of the embedding table.
    """

    def __init__(self, width: int = 192, blocks: int = 2, layers: int = 3, scale: float = 0.1) -> None:
        super().__init__()
        self.topic, self.glance = Topic(width), Glance(width, blocks)
        self.read = nn.Linear(WIDTH, width)
        self.which = nn.Parameter(torch.randn(MOST_IMAGES, width) * 0.1)
        self.part = nn.Parameter(torch.randn(PARTS, width) * 0.1)
        self.place = nn.Parameter(torch.randn(MOST_WORDS, width) * 0.02)
        self.layers = nn.ModuleList(Block(width, 6) for _ in range(layers))
        self.before = nn.ModuleList(_linear(width, width, 0.05, bias=False) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.token = nn.Linear(width, TOKENS * WIDTH)
        self.gain = 1 / scale
        nn.init.normal_(self.token.weight, std=scale / width**0.5)
        nn.init.zeros_(self.token.bias)

    def forward(self, asked: Asked) -> Tensor:
        """float [images, TOKENS, 576]."""
        # the last words: options and instruction stand at the end
        words = [each[-MOST_WORDS:] * self.gain for each in asked.words]
        topics = self.topic(words)
        of = torch.repeat_interleave(torch.tensor(asked.counts))
        vectors = self.glance(asked.fine, asked.coarse, topics[of]) + self.part
        rows, at = [], 0
        for count, each in zip(asked.counts, words, strict=True):
            images = vectors[at : at + count] + self.which[:count, None]
            rows.append(torch.cat([images.flatten(0, 1), self.read(each) + self.place[: len(each)]]))
            at += count
        x = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        known = None
        if len(rows) > 1:
            known = torch.arange(x.shape[1]) < torch.tensor([len(row) for row in rows])[:, None]
        # where the vector of each whole image stands: it has looked at everything in the end
        which = torch.cat([torch.arange(count) for count in asked.counts])
        whole = (of, PARTS * which + PARTS - 1)
        for number, layer in enumerate(self.layers):
            if number < len(self.before):  # told of the image 1 (then 2) before: what changes is seen at once
                back = number + 1
                earlier = functional.pad(x[whole], (0, 0, back, 0))[: len(of)] * (which >= back).to(x)[:, None]
                x = x.index_put(whole, self.before[number](earlier), accumulate=True)
            x = layer(x, known)
        tokens: Tensor = self.token(self.norm(x[whole])).view(-1, TOKENS, WIDTH)
        return tokens


def _linear(into: int, out: int, std: float, bias: bool = True) -> nn.Linear:
    layer = nn.Linear(into, out, bias=bias)
    nn.init.normal_(layer.weight, std=std)
    return layer


def _steered(x: Tensor, told: Tensor) -> Tensor:
    gain, shift = told[:, None].chunk(2, -1)
    return x * (1 + gain) + shift


def asked_of(seen: Sequence[Features], words: Sequence[int], table: Tensor) -> Asked:
    """One question: features of its images, and the token ids of its words."""
    device = table.device
    fine = torch.from_numpy(np.concatenate([each.fine for each in seen])).float().to(device)
    coarse = torch.from_numpy(np.concatenate([each.coarse for each in seen])).float().to(device)
    return Asked(fine, coarse, [len(seen)], [table[list(words)]])


class Guess(nn.Module):
    """A linear head on the image tokens: the likeliest answer out of a closed list of the task's answers.

    Args:
        answers: task -> its answers. gain: 1 / standard deviation of the embeddings.
    """

    def __init__(self, answers: Mapping[str, Sequence[str]], gain: float) -> None:
        super().__init__()
        self.answers, self.gain = {task: list(values) for task, values in answers.items()}, gain
        self.head = nn.Linear(WIDTH, sum(map(len, self.answers.values())))

    def forward(self, tokens: Tensor, task: str) -> str | None:
        """Image tokens float [images, TOKENS, 576] of one question -> answer; None for a task without a list."""
        start = 0
        for name, values in self.answers.items():
            if name == task:
                logits = self.head(tokens[:, 0] * self.gain).mean(0)[start : start + len(values)]
                return values[int(logits.argmax())]
            start += len(values)
        return None


def load_weights(path: Path, state: dict[str, Tensor]) -> tuple[Projector, Guess, Pixels]:
    """What is ours in a weights file; the file's LoRA is added to the language model's `state`.

    Raises:
        UserError: the file's tensors do not fit.
    """
    with safe_open(path, "pt") as file:
        text = file.metadata() or {}
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    try:
        facts = json.loads(text["embedded"])
        projector = Projector(facts["width"], facts["blocks"], facts["layers"], facts["embedding_std"])
        guess = Guess(facts["answers"], projector.gain)
        pixels = Pixels()
        for name, module in (("projector.", projector), ("guess.", guess), ("pixels.", pixels)):
            module.load_state_dict({k.removeprefix(name): v for k, v in tensors.items() if k.startswith(name)})
        for key in [key for key in tensors if key.startswith("lora.") and key.endswith(".A")]:
            target = key.removeprefix("lora.").removesuffix(".A")
            state[f"{target}.weight"] += facts["lora_scale"] * (tensors[f"lora.{target}.B"] @ tensors[key])
    except (KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} does not hold weights of the embedded model: {error}") from error
    for module in (projector, guess, pixels):
        module.eval().requires_grad_(False)
    return projector, guess, pixels


def pieces(parts: Sequence[str | Image], tokenizer: Any, seen: str | None = None) -> list[list[int] | Image]:
    """A prompt with its text as token ids, each text part on its own, and the suffix at the end."""
    found: list[list[int] | Image] = []
    texts = [*parts]
    if texts and isinstance(texts[-1], str):
        texts[-1] = texts[-1] + suffix(seen)
    else:
        texts.append(suffix(seen))
    for part in texts:
        found.append(tokenizer.encode(part).ids if isinstance(part, str) else part)
    return found
