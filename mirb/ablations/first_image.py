"""first-image: only the first image. A question that is answered right then did not need several."""

from mirb.ablations.base import Ablation, Material, Variant


def make(material: Material) -> list[Variant]:
    """The first image and the question."""
    material.needs_images(2)
    return [Variant(material.question, material.images[:1], missing=frozenset(range(1, len(material.images))))]


ABLATION = Ablation("first-image", "the first image only", "need", make)
