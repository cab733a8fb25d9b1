"""Training of adapters on (image, report) pairs: deterministic, and resumable within an epoch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.cli_support import meter
from data_splits.errors import UserError
from data_splits.integrity import atomic_write, content_hash, sha256_bytes
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import AnswerRequest, Image
from model_adapters.report_writers.lora_layers import reset

if TYPE_CHECKING:
    from model_adapters.report_writers.vlm_lora import Recipe

IGNORED = -100
"""A label that no loss looks at."""

CHECKPOINT = "lora.safetensors"


class Pairs:
    """Training pairs as the model reads them: the prompt with its image, then the report, then the end.

    Args:
        model: a ChatModel. request: image -> question. tokens: most tokens of a report; the rest is cut off.
    """

    def __init__(
        self,
        model: Any,
        images: Sequence[Image],
        reports: Sequence[str],
        request: Callable[[Image], AnswerRequest],
        tokens: int,
    ) -> None:
        self._model, self._images, self._reports, self._request, self._tokens = model, images, reports, request, tokens

    def __len__(self) -> int:
        return len(self._reports)

    @property
    def content(self) -> str:
        """sha256 of all pixels and texts."""
        texts = [sha256_bytes(each.encode()) for each in self._reports]
        return content_hash([[image_hash(self._images[row]), texts[row]] for row in range(len(self))])

    def inputs(self, row: int) -> dict[str, Any]:
        """Tensors of one pair, with `labels` that are IGNORED on the prompt.

        Raises:
            UserError: it does not fit the model's context.
        """
        import torch

        request = self._request(self._images[row])
        refused = self._model.refusal(request)
        if refused is not None:
            raise UserError(f"A training pair cannot be used: {refused}.")
        found = dict(self._model.inputs([request]))
        tokenizer = self._model.tokenizer
        report = self._model.prompter.harmless(self._reports[row].strip())
        ids = tokenizer(report, add_special_tokens=False)["input_ids"][: self._tokens - 1]
        answer = torch.tensor([[*ids, tokenizer.eos_token_id]])
        prompt = found["input_ids"]
        labels = torch.cat([torch.full_like(prompt, IGNORED), answer], dim=1)
        for name, tensor in found.items():
            if torch.is_tensor(tensor) and tensor.shape == prompt.shape:
                more = answer if name == "input_ids" else torch.full_like(answer, int(name == "attention_mask"))
                found[name] = torch.cat([tensor, more.to(tensor.dtype)], dim=1)
        return {**found, "labels": labels}


def train(
    network: Any,
    adapters: dict[str, Any],
    pairs: Pairs,
    recipe: Recipe,
    seed: int,
    device: str,
    folder: Path | None = None,
    key: str = "",
) -> None:
    """Train adapters in place, from fresh ones.

    A step adds up the loss of its pairs one by one and divides by their report tokens, so that it is the same in any
    memory. The order of an epoch follows from (seed, epoch): a training that was killed goes on from its last saved
    step and ends in the same weights (bit for bit on a CPU).

    Args:
        folder: where the state is saved, or None. key: what the writer depends on, besides pairs and seed.
    """
    import torch

    reset(adapters, derive_seed(seed, "adapters", purpose="train"))
    optimizer = torch.optim.AdamW(adapters.values(), lr=recipe.rate, weight_decay=0.0)
    steps = recipe.epochs * math.ceil(len(pairs) / recipe.batch)
    state = _State(adapters, optimizer, folder, key and content_hash([key, pairs.content, seed]))
    done = state.resume()
    network.eval()  # no dropout anywhere: an answer and a gradient follow from the pair
    with _one_thread(device), meter("train adapters") as progress:
        for step, rows in enumerate(_batches(len(pairs), recipe, seed)):
            if step < done:
                continue
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * schedule(step, steps, recipe.warmup)
            _step(network, optimizer, [pairs.inputs(int(row)) for row in rows], device)
            if (step + 1) % recipe.save_every == 0 or step + 1 == steps:
                state.write(step + 1)
            progress(step + 1, steps)


def schedule(step: int, steps: int, warmup: float) -> float:
    """Share of the full rate at a step: linear warm-up, then half a cosine down to 0."""
    rising = math.ceil(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1.0 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _step(network: Any, optimizer: Any, batch: Sequence[dict[str, Any]], device: str) -> None:
    import torch
    from torch.nn import functional

    tokens = sum(int((each["labels"] != IGNORED).sum()) for each in batch)
    optimizer.zero_grad(set_to_none=True)
    for each in batch:
        labels = each["labels"].to(device)
        inputs = {
            name: value.to(device, network.dtype if torch.is_floating_point(value) else None)
            for name, value in each.items()
            if name != "labels" and torch.is_tensor(value)
        }
        logits = network(**inputs, use_cache=False).logits[:, :-1].float()
        loss = functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=IGNORED, reduction="sum"
        )
        (loss / tokens).backward()
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def _batches(n: int, recipe: Recipe, seed: int) -> Iterator[np.ndarray]:
    for epoch in range(recipe.epochs):
        order = np.random.default_rng(derive_seed(seed, f"epoch {epoch}", purpose="train")).permutation(n)
        for start in range(0, n, recipe.batch):
            yield order[start : start + recipe.batch]


class _one_thread:
    """One thread on a CPU, put back afterwards: sums then have one order."""

    def __init__(self, device: str) -> None:
        self.on = device.startswith("cpu")

    def __enter__(self) -> None:
        import torch

        self.threads = torch.get_num_threads()
        if self.on:
            torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        import torch

        torch.set_num_threads(self.threads)


class _State:
    """Adapters and optimiser after a step, in one safetensors file."""

    def __init__(self, adapters: dict[str, Any], optimizer: Any, folder: Path | None, key: str) -> None:
        self.adapters, self.optimizer, self.key = adapters, optimizer, key
        self.path = None if folder is None else folder / f"{key[:16]}-{CHECKPOINT}"

    def write(self, done: int) -> None:
        """Save everything after `done` steps."""
        if self.path is None:
            return
        from safetensors.torch import save

        tensors = {f"adapter/{name}": each.detach() for name, each in self.adapters.items()}
        for name, parameter in self.adapters.items():
            tensors |= {f"adam/{name}/{key}": value for key, value in self.optimizer.state[parameter].items()}
        facts = json.dumps({"key": self.key, "done": done})
        data = save({name: each.cpu().contiguous() for name, each in sorted(tensors.items())}, {"facts": facts})
        with atomic_write(self.path) as stream:
            stream.write(data)

    def resume(self) -> int:
        """Steps done before; 0 without a saved state of the same key."""
        if self.path is None or not self.path.is_file():
            return 0
        import torch
        from safetensors import SafetensorError, safe_open
        from safetensors.torch import load_file

        try:
            with safe_open(str(self.path), framework="pt") as file:
                facts = json.loads((file.metadata() or {}).get("facts", "{}"))
            tensors = load_file(self.path)
        except (SafetensorError, ValueError):
            return 0
        if facts.get("key") != self.key:
            return 0
        with torch.no_grad():
            for name, parameter in self.adapters.items():
                parameter.copy_(tensors[f"adapter/{name}"].to(parameter.device))
                prefix = f"adam/{name}/"
                self.optimizer.state[parameter] = {
                    key.removeprefix(prefix): value if key.endswith("/step") else value.to(parameter.device)
                    for key, value in tensors.items()
                    if key.startswith(prefix)
                }
        return int(facts["done"])
