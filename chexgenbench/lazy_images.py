"""Images that are decoded when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.uint8]
Load = Callable[[], GreyImage]


class LazyImages(Sequence[GreyImage]):
    """A sequence of grey uint8[h, w] images, each decoded anew on every access: memory holds what is looked at.

    Args:
        loaders: one function an image. An RGB image is reduced to the mean of its channels.

    Raises:
        ImageUnreadable: on access, from the loader.
    """

    def __init__(self, loaders: Sequence[Load]) -> None:
        self._loaders = tuple(loaders)

    def __len__(self) -> int:
        return len(self._loaders)

    @overload
    def __getitem__(self, index: int) -> GreyImage: ...

    @overload
    def __getitem__(self, index: slice) -> LazyImages: ...

    def __getitem__(self, index: int | slice) -> GreyImage | LazyImages:
        if isinstance(index, slice):
            return LazyImages(self._loaders[index])
        return grey(self._loaders[index]())

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> LazyImages:
        """Some of the images, in the order given."""
        return LazyImages([self._loaders[int(row)] for row in rows])


def grey(image: GreyImage) -> GreyImage:
    """uint8[h, w] of a grey or an RGB image."""
    return image if image.ndim == 2 else np.rint(image.mean(axis=2)).astype(np.uint8)
