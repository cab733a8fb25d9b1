"""leave-one-out: every image blanked in turn. Which one did the model need?

The image is replaced by a grey one of its size: the others keep their numbers, so that "Food 2" and "the third picture"
still mean what they meant, and the gold answer stays. Of questions with many images (papers) at most MOST are left out:
those known to be needed first, others by a draw that follows from the question's id.
"""

from __future__ import annotations

import numpy as np

from data_splits.integrity import content_hash
from mirb.ablations.base import Ablation, Material, Variant, drawn
from model_adapters.inference.ask import ImageRef

MOST = 5
GREY = 128


def make(material: Material) -> list[Variant]:
    """One variant for each image left out."""
    material.needs_images(2)
    return [
        Variant(
            material.question,
            (*material.images[:out], blank(material.images[out]), *material.images[out + 1 :]),
            name=f"without-{out + 1}",
            missing=frozenset((out,)),
        )
        for out in left_out(material)
    ]


def blank(image: ImageRef) -> ImageRef:
    """A grey image of the same size, made when its turn comes."""
    return ImageRef(content_hash(["blank", GREY, image.sha256]), lambda: np.full_like(image.load(), GREY))


def left_out(material: Material) -> list[int]:
    """Which images are left out, in order."""
    count = len(material.images)
    if count <= MOST:
        return list(range(count))
    needed = [int(index) for index in material.question.evidence.get("needed", ())]
    by_draw = [index for index in drawn(count, "leave-one-out", material.question.id) if index not in needed]
    return sorted([*needed, *by_draw][:MOST])


ABLATION = Ablation("leave-one-out", "each image blanked in turn, the others keep their places", "need", make)
