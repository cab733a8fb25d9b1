"""An encoder around a torch network: fingerprint, fixed batch, exact float32."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Preprocessing
from model_adapters.inference.side_by_side import side_by_side
from model_adapters.protocols import BuildContext, ClassHead, Image

if TYPE_CHECKING:
    import torch

CODE_VERSION = "1"
"""Raised when the code here or in an adapter changes what a feature is."""

COMPUTE_BATCH = 8
"""Images per call of every encoder here: one forward pass on an accelerator, as many single ones on CPU."""


class TorchEncoder:
    """An `Encoder` whose features a torch module computes in float32.

    A feature does not depend on the other images of the batch, on an image's place in it, or on the number of threads
    (tests hold that). On CPU both batch size and number of threads move convolutions in the last digits; so there every
    image is computed alone by one thread, and images run side by side, which costs nothing (Lite0: 22 ms an image
    alone, 28 to 34 ms in batches of 4 to 8). On an accelerator the batch is one pass: evaluation mode, no TF32, no
    autotuning. Between devices, and between processor types, features differ in the last digits.

    Args:
        card: the adapter's card; `weight_hashes` are filled in here.
        network: module, moved to `device` and put into evaluation mode.
        forward: float32[b, 3, h, w] -> float32[b, dim].
        preprocessing: from image to input.
        dim: d.
        weight_hashes: file name -> sha256 of everything that was loaded.
        device: torch device string.
        head: linear class head, if any.
        channels_last: memory format of network and input; faster for convolutions, and part of the fingerprint
            because it moves features in the last digits.
    """

    def __init__(
        self,
        *,
        card: ModelCard,
        network: torch.nn.Module,
        forward: Callable[[torch.Tensor], torch.Tensor],
        preprocessing: Preprocessing,
        dim: int,
        weight_hashes: Mapping[str, str],
        device: str = "cpu",
        head: ClassHead | None = None,
        channels_last: bool = False,
    ) -> None:
        import torch

        self.name = card.name
        self.dim = dim
        self.compute_batch = COMPUTE_BATCH
        self.fingerprint = content_hash(
            {
                "weights": sorted(weight_hashes.values()),
                "preprocessing": preprocessing.id,
                "dtype": "float32",
                "compute_batch": self.compute_batch,
                "cpu_pass": 1,
                "memory_format": "channels_last" if channels_last else "contiguous",
                "code": f"{card.name}/{CODE_VERSION}",
            }
        )
        self._card = card.model_copy(update={"weight_hashes": dict(weight_hashes)})
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._device = torch.device(device)
        self._network = network.eval().requires_grad_(False).to(self._device, torch.float32)
        if channels_last:
            self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._forward = forward
        self._preprocessing = preprocessing
        self._head = head

    @property
    def card(self) -> ModelCard:
        """The card of what was loaded, with weight hashes."""
        return self._card

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, h, w]."""
        return self._preprocessing.apply(image)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, 3, h, w] -> float32[compute_batch, dim].

        Raises:
            ValueError: another number of rows or channels, or a feature that is not finite.
        """
        import torch

        if batch.ndim != 4 or batch.shape[:2] != (self.compute_batch, 3):
            raise ValueError(f"{self.name} encodes [{self.compute_batch}, 3, h, w], got {list(batch.shape)}")
        inputs = torch.from_numpy(np.ascontiguousarray(batch, dtype=np.float32))
        with exact_float32():
            out = self._singly(inputs) if self._device.type == "cpu" else self._pass(inputs)
        if not np.isfinite(out).all():
            raise ValueError(f"{self.name} gave a feature that is not finite: the weights are damaged")
        return out

    def _pass(self, inputs: torch.Tensor) -> NDArray[np.float32]:
        import torch

        # Both are switches of the thread that runs the pass.
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
            features = self._forward(inputs.to(self._device).contiguous(memory_format=self._format))
            out: NDArray[np.float32] = features.float().cpu().numpy()
        return out

    def _singly(self, inputs: torch.Tensor) -> NDArray[np.float32]:
        import torch

        # The padding of a last batch repeats an image: computed once.
        fresh = [row for row in range(len(inputs)) if row == 0 or not torch.equal(inputs[row], inputs[row - 1])]
        source = np.searchsorted(fresh, np.arange(len(inputs)), side="right") - 1

        parts = side_by_side(lambda row: self._pass(inputs[row : row + 1]), fresh)
        return np.concatenate(parts)[source]

    def class_head(self) -> ClassHead | None:
        """The linear classifier on these features, or None."""
        return self._head


@contextlib.contextmanager
def exact_float32() -> Iterator[None]:
    """Full float32: no TF32 or other reduced products, no autotuning. The global switches are put back."""
    import torch

    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)


def linear_head(layer: torch.nn.Linear) -> ClassHead:
    """The weights of a linear layer as numpy arrays."""
    return ClassHead(layer.weight.detach().cpu().numpy().copy(), layer.bias.detach().cpu().numpy().copy())


def require_float32(context: BuildContext) -> None:
    """Refuse any other precision: features of different precision are different features.

    Raises:
        UserError: the context asks for another dtype.
    """
    if context.dtype not in (None, "float32"):
        raise UserError(f"Encoders compute in float32, not {context.dtype}: leave the dtype option out.")
