"""text-only: the question without any image. What is answered right then was not seen."""

from mirb.ablations.base import Ablation, Material, Variant


def make(material: Material) -> list[Variant]:
    """The question alone."""
    material.needs_images()
    return [Variant(material.question, (), missing=frozenset(range(len(material.images))))]


ABLATION = Ablation("text-only", "no images", "need", make)
