"""swapped: the images of another question of the task. An answer that stays right did not come from the images."""

from __future__ import annotations

import hashlib

from data_splits.question import Question
from mirb.ablations.base import Ablation, Material, Unfit, Variant


def make(material: Material) -> list[Variant]:
    """This question over the images of its partner."""
    material.needs_images()
    partner = partner_of(material)
    gone = frozenset(range(len(material.images)))
    return [Variant(material.question, material.refs(partner), name=partner.id, missing=gone)]


def partner_of(material: Material) -> Question:
    """The question whose images are shown: one that shares none, with as many images where there is one.

    The next in an order by hash, so that each question is rarely the partner of many and the choice does not depend on
    what else is asked. Whether its gold answer is the same is left to chance: a model that reads the images well then
    scores as guessing does, neither better nor worse.
    """
    question = material.question
    shown = {ref.sha256 for ref in material.images}
    strangers = [
        each
        for each in material.others
        if each.images and not (question.cluster and each.cluster == question.cluster) and each.id != question.id
    ]
    alike = [each for each in strangers if len(each.images) == len(question.images)]
    for pool in (alike, strangers):
        for each in sorted(pool, key=lambda each: (_place(each.id) <= _place(question.id), _place(each.id))):
            if not shown & {ref.sha256 for ref in material.refs(each)}:
                return each
    raise Unfit("no other question of the task has other images")


def _place(name: str) -> bytes:
    return hashlib.sha256(f"mirb/ablation/swapped/{name}".encode()).digest()


ABLATION = Ablation("swapped", "the images of another question of the task", "need", make)
