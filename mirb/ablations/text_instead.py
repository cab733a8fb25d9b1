"""text-instead: the content of the images as text (codeu, plot_code, arxiv): is it the eyes or the reasoning?"""

from dataclasses import replace

from mirb.ablations.base import Ablation, Material, Unfit, Variant


def make(material: Material) -> list[Variant]:
    """The question's own text version."""
    text = material.question.text_question
    if text is None:
        raise Unfit("the data hold no text in place of its images")
    return [Variant(replace(material.question, question=text), ())]


ABLATION = Ablation("text-instead", "text in place of the images", "form", make)
