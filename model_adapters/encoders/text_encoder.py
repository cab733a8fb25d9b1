"""A text encoder around a torch network: fingerprint, one text a pass, exact float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.torch_encoder import CODE_VERSION, exact_float32
from model_adapters.inference.side_by_side import side_by_side

if TYPE_CHECKING:
    import torch

Tokens = Mapping[str, Sequence[int]]


class TorchTextEncoder:
    """A `TextEncoder` whose features a torch module computes in float32.

    Every text is a pass of its own, without padding: so a feature depends on its text alone, on a CPU to the last bit
    whatever the number of threads (passes run side by side, each on one thread). A text that occurs several times is
    computed once a call.

    Args:
        card: the adapter's card; `weight_hashes` are filled in here.
        network: module, moved to `device` and put into evaluation mode.
        tokenise: text -> token ids by input name, cut to what the network takes.
        forward: inputs int64[1, tokens] by name -> float32[1, dim].
        tokeniser_id: names every choice of `tokenise` (vocabulary hash, length); enters the fingerprint.
        dim: d.
        weight_hashes: file name -> sha256 of the weights that were loaded.
        device: torch device string.
        normalise: divide by the L2 norm.
    """

    def __init__(
        self,
        *,
        card: ModelCard,
        network: torch.nn.Module,
        tokenise: Callable[[str], Tokens],
        forward: Callable[[dict[str, torch.Tensor]], torch.Tensor],
        tokeniser_id: str,
        dim: int,
        weight_hashes: Mapping[str, str],
        device: str = "cpu",
        normalise: bool = True,
    ) -> None:
        import torch

        self.name = card.name
        self.dim = dim
        self.fingerprint = content_hash(
            {
                "weights": sorted(weight_hashes.values()),
                "tokeniser": tokeniser_id,
                "dtype": "float32",
                "normalise": normalise,
                "code": f"{card.name}/text/{CODE_VERSION}",
            }
        )
        self._card = card.model_copy(update={"weight_hashes": dict(weight_hashes)})
        self._device = torch.device(device)
        self._network = network.eval().requires_grad_(False).to(self._device, torch.float32)
        self._tokenise, self._forward, self._normalise = tokenise, forward, normalise

    @property
    def card(self) -> ModelCard:
        """The card of what was loaded, with weight hashes."""
        return self._card

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, dim], each row a function of its text alone.

        Raises:
            ValueError: a feature that is not finite.
        """
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return np.zeros((0, self.dim), np.float32)
        tokens = [self._tokenise(text) for text in distinct]  # tokenisers are not safe to share between threads
        with exact_float32():
            if self._device.type == "cpu":
                rows = side_by_side(self._pass, tokens)
            else:
                rows = [self._pass(each) for each in tokens]
        features = np.concatenate(rows)
        if not np.isfinite(features).all():
            raise ValueError(f"{self.name} gave a text feature that is not finite: the weights are damaged")
        place = {text: row for row, text in enumerate(distinct)}
        return np.ascontiguousarray(features[[place[text] for text in texts]], np.float32)

    def _pass(self, tokens: Tokens) -> NDArray[np.float32]:
        import torch

        inputs = {key: torch.tensor([list(value)], device=self._device) for key, value in tokens.items()}
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
            out = self._forward(inputs).float()
            if self._normalise:
                out = torch.nn.functional.normalize(out, dim=1)
            row: NDArray[np.float32] = out.cpu().numpy()
        return row
