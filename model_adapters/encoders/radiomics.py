"""`radiomics`: handcrafted first-order and texture features of the whole image, for the FRD metric. No weights.

The published distance takes its features from pyradiomics, which does not install on Python 3.11. Of what might stand
in, `pictologics` needs Python 3.12, `fastrad` 1.0.0 takes volumes as torch tensors, scikit-image has co-occurrence
alone, and `numpyradiomics` 0.0.5 needs PyWavelets, leaves the Laplacian unscaled and stops at run lengths of a plane.
So pyradiomics' definitions are written out here in numpy (radiomics_features.py): nothing to install, 40 ms an image.
Where numpyradiomics runs, the features agree with it to 1e-6; tests hold them to worked examples, brute force and
scikit-image.

Of each of nine pictures (the image, its Laplacians of Gaussian of 1, 1.5, 2 and 2.5 pixels, and the bands LL, LH, HL
and HH of one undecimated level of the wavelet coif1): 15 first-order, 22 co-occurrence (GLCM), 16 run-length (GLRLM),
16 size-zone (GLSZM) and 5 neighbourhood (NGTDM) features, of levels 5 units wide after normalising the image to a
standard deviation of 100; 664 in all.

Departures from the published recipe (CheXGenBench metrics/frd.py, after arXiv 2412.01496):

- Every image is squashed to 128 x 128 pixels, antialiased. Published: half of the image's own size (2 mm, where a PNG
  counts as 1 mm), which ties features to the resolution. The sigmas of 2 to 5 mm are those of the 2 mm grid.
- The region is every pixel. Published: every pixel but the corner (0, 0), since pyradiomics wants a background.
- Left out: mean, energy and total energy of all pictures, variance and root mean square of the image itself. After
  normalisation they are constant, or repeat the variance; standardised, their rounding noise would count as a feature.
- The Gaussian is sampled, not recursive, and the edge of the image is repeated.
- About 464 features are published, because of the pictures and features that its settings name; there are more here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.encoders.torch_encoder import require_float32
from model_adapters.protocols import BuildContext, ClassHead, Image
from model_adapters.requirements import Estimate

SIDE = 128

CODE_VERSION = "1"
"""Raised when the code here changes what a feature is; there are no weights."""

CARD = ModelCard(
    name="radiomics",
    kind="encoder",
    source="ships with this package; no weights",
    licence="Apache-2.0",
    resolution=SIDE,
    settings={
        "features": "first-order, GLCM, GLRLM, GLSZM, NGTDM of 9 pictures: 664-d",
        "pictures": "image, LoG of 1, 1.5, 2, 2.5 px, coif1 bands LL LH HL HH",
        "input": "mean of the channels, squashed to 128 px by antialiased bilinear without rounding, mean 0, sd 100",
        "bin_width": "5",
    },
    notes=(
        "pyradiomics' definitions in numpy; not its numbers, and not comparable with a published FRD.",
        "Features have units of their own: standardise them before measuring a distance.",
    ),
)


def feature_names() -> tuple[str, ...]:
    """What each of the 664 numbers is, such as "log1.5/glcm/contrast"."""
    from model_adapters.encoders import radiomics_features as features
    from model_adapters.encoders.radiomics_filters import PICTURES

    families = (
        ("first_order", features.FIRST_ORDER),
        ("glcm", features.GLCM),
        ("glrlm", features.SIZES),
        ("glszm", features.SIZES),
        ("ngtdm", features.NGTDM),
    )
    return tuple(
        f"{picture}/{family}/{name}"
        for picture in PICTURES
        for family, names in families
        for name in names
        if (picture, name) not in FIXED
    )


FIXED = frozenset({("original", "variance"), ("original", "root_mean_squared")})
"""The same for every image, by normalisation."""


def features_of(image: NDArray[np.floating]) -> NDArray[np.float32]:
    """float32[664] of one grey image of any size, in the order of `feature_names`."""
    from model_adapters.encoders import radiomics_features as features
    from model_adapters.encoders.radiomics_filters import levels, pictures

    found: list[float] = []
    for name, picture in pictures(image).items():
        level = levels(picture)
        first = dict(zip(features.FIRST_ORDER, features.first_order(picture, level), strict=True))
        found += [value for key, value in first.items() if (name, key) not in FIXED]
        for family in (features.glcm, features.glrlm, features.glszm, features.ngtdm):
            found += family(level)
    return np.array(found, np.float32)


class Radiomics:
    """Displayed image -> float32[664]."""

    name = CARD.name
    card = CARD
    dim = 664
    compute_batch = 8
    fingerprint = content_hash({"weights": [], "preprocessing": "grey-bilinear128-float", "code": CODE_VERSION})

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, 128, 128] in grey levels, three equal channels."""
        grey = np.stack(squashed(image, SIDE, Filter.BILINEAR, rounded=False)).mean(axis=0, dtype=np.float32)
        return np.repeat(grey[None], 3, axis=0)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, 3, 128, 128] -> float32[compute_batch, 664], each image by itself.

        Raises:
            ValueError: another shape.
        """
        if batch.shape != (self.compute_batch, 3, SIDE, SIDE):
            raise ValueError(f"radiomics encodes [{self.compute_batch}, 3, {SIDE}, {SIDE}], got {list(batch.shape)}")
        rows: list[NDArray[np.float32]] = []
        for row, image in enumerate(batch):
            padding = row > 0 and np.array_equal(image, batch[row - 1])  # a last batch repeats its last image
            rows.append(rows[-1] if padding else features_of(image[0]))
        return np.stack(rows)

    def class_head(self) -> ClassHead | None:
        """None: there is no classifier."""
        return None


def build(context: BuildContext) -> Radiomics:
    """The encoder; there is nothing to load.

    Raises:
        UserError: the context asks for another dtype than float32.
    """
    require_float32(context)
    return Radiomics()


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread."""
    return Estimate(0.05 * images, 0.2, "one CPU thread", "measured, 256 px")
