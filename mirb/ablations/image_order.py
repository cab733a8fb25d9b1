"""image-order: the images in another order, with the gold answer that belongs to it.

Whether the order matters is a property of the task (references, section 6):

count, 3d_scene, attribute, visual_chain   free
codeu                  free (a screenshot names its file), unless the question says which comes when
sightseeing            free once "the second picture" and "image 2" are renamed with the pictures
food, chest_pair       options name the images ("Food 2"): the gold letter moves with its image
plot_code              the plot stays first; First to Fourth move with the code
image_jigsaw           the original stays first; a patch carries its number, so the gold order stays
analogy                only orders that keep an analogy one: pairs exchanged, both turned round, or both
arxiv                  page numbers fix the order
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from mirb.ablations.base import Ablation, Material, Unfit, Variant, drawn
from mirb.scorers.options import LETTERS, gold_letter, options_of

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ORDINAL = re.compile(rf"\b({'|'.join(ORDINALS)})\b", re.I)
_NUMBERED = re.compile(r"\b(image|picture|photo)(\s+)(\d+)\b", re.I)
_POSITION = re.compile(rf"{_ORDINAL.pattern}|{_NUMBERED.pattern}|\b\d+(?:st|nd|rd|th)\b|\b(?:last|previous)\b", re.I)
_NAMED = re.compile(r"(food|image|picture)\s+(\d+)\.?", re.I)
ANALOGIES = ((2, 3, 0, 1), (1, 0, 3, 2), (3, 2, 1, 0))
"""Orders under which A is to B as C is to D if and only if it was before: new place -> old place."""


def make(material: Material) -> list[Variant]:
    """One other order."""
    material.needs_images(2)
    rule = RULES.get(material.task.name)
    if rule is None:
        raise Unfit("the order of its images is fixed")
    return [rule(material)]


def _free(material: Material) -> Variant:
    if _POSITION.search(material.question.question):
        raise Unfit("its question says which image comes when")
    order = _order(material)
    return Variant(material.question, tuple(material.images[old] for old in order), _name(order))


def _sightseeing(material: Material) -> Variant:
    order = _order(material)
    text = renamed(material.question.question, order)
    return Variant(
        replace(material.question, question=text), tuple(material.images[old] for old in order), _name(order)
    )


def renamed(text: str, order: Sequence[int]) -> str:
    """ "The second picture" and "image 2" renamed after the places to which the pictures have moved.

    Args:
        order: new place -> old place.
    """
    place = {old: new for new, old in enumerate(order)}

    def word(found: re.Match[str]) -> str:
        old = ORDINALS.index(found[1].lower())
        new = ORDINALS[place.get(old, old)]
        return new.capitalize() if found[1][0].isupper() else new

    def number(found: re.Match[str]) -> str:
        old = int(found[3]) - 1
        return f"{found[1]}{found[2]}{place.get(old, old) + 1}"

    return _NUMBERED.sub(number, _ORDINAL.sub(word, text))


def _named_options(material: Material) -> Variant:
    question, task = material.question, material.task
    options = options_of(question, task)
    named = {index: found for index, text in enumerate(options) if (found := _NAMED.fullmatch(text.strip()))}
    letter_of = {int(found[2]) - 1: index for index, found in named.items()}
    if any(image not in letter_of for image in range(len(material.images))):
        raise Unfit("its options do not name every image")
    order = _order(material)
    moved = {letter_of[old]: letter_of[new] for new, old in enumerate(order)}
    gold = LETTERS.find(gold_letter(question, task))
    if gold < 0:
        raise Unfit("its gold answer is no option")
    back = {options[new].casefold(): options[old].casefold() for old, new in moved.items()}
    changed = replace(question, answer=LETTERS[moved.get(gold, gold)])
    return Variant(changed, tuple(material.images[old] for old in order), _name(order), back=back)


def _plot_code(material: Material) -> Variant:
    question, task = material.question, material.task
    options = options_of(question, task)
    gold = LETTERS.find(gold_letter(question, task))
    words = [option.strip().lower().split(" ")[0] for option in options]
    if len(material.images) != 1 + len(options) or words != list(ORDINALS[: len(options)]) or gold < 0:
        raise Unfit("its images are not a plot and one piece of code for each option")
    order = drawn(len(options), "image-order", question.id)
    back = {options[new].casefold(): options[old].casefold() for new, old in enumerate(order)}
    changed = replace(question, answer=options[order.index(gold)])
    images = (material.images[0], *(material.images[1 + old] for old in order))
    return Variant(changed, images, _name((0, *(1 + old for old in order))), back=back)


def _jigsaw(material: Material) -> Variant:
    if "number" not in material.question.question.lower():
        raise Unfit("nothing tells whether its patches carry their numbers")
    material.needs_images(3)
    order = (0, *(1 + old for old in drawn(len(material.images) - 1, "image-order", material.question.id)))
    return Variant(material.question, tuple(material.images[old] for old in order), _name(order))


def _analogy(material: Material) -> Variant:
    if len(material.images) != 4:
        raise Unfit("an analogy has four images")
    # One of three by the place of the first in a drawn order of three things.
    order = ANALOGIES[drawn(3, "analogy", material.question.id)[0]]
    return Variant(material.question, tuple(material.images[old] for old in order), _name(order))


def _order(material: Material) -> tuple[int, ...]:
    return drawn(len(material.images), "image-order", material.question.id)


def _name(order: Sequence[int]) -> str:
    return "order-" + "-".join(str(old + 1) for old in order)


RULES: dict[str, Callable[[Material], Variant]] = {
    "count": _free,
    "3d_scene": _free,
    "attribute": _free,
    "visual_chain": _free,
    "codeu": _free,
    "sightseeing": _sightseeing,
    "food": _named_options,
    "chest_pair": _named_options,
    "plot_code": _plot_code,
    "image_jigsaw": _jigsaw,
    "analogy": _analogy,
}

ABLATION = Ablation("image-order", "the images in another order, gold answer remapped", "order", make)
