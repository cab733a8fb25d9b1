"""Partners: never the question itself, never a shared image, as many images where possible."""

from __future__ import annotations

from collections import Counter

import pytest
from mirb_questions import question

from data_splits.question import Question
from mirb.ablations.base import Images, Material, Unfit
from mirb.ablations.swapped import make, partner_of
from mirb.tasks import find
from model_adapters.inference.ask import ImageRef


def refs(each: Question) -> Images:
    return tuple(ImageRef(key, lambda: None) for key in each.images)  # type: ignore[arg-type, return-value]


def asked(number: int, images: int = 2, **changes: object) -> Question:
    keys = tuple(f"{number}-{place}" for place in range(images))
    return question("count", "3", **({"id": f"count-{number}", "images": keys} | changes))


def material(each: Question, pool: list[Question]) -> Material:
    return Material(each, find("count"), refs(each), pool, refs)


def test_partners_have_as_many_images_and_are_spread() -> None:
    pool = [asked(number, 2 + number % 2) for number in range(40)]
    partners = {each.id: partner_of(material(each, pool)) for each in pool}
    for each in pool:
        partner = partners[each.id]
        assert partner.id != each.id and len(partner.images) == len(each.images)
        assert partner_of(material(each, list(reversed(pool)))) == partner, "whatever the order of the pool"
    assert max(Counter(partner.id for partner in partners.values()).values()) == 1
    (variant,) = make(material(pool[0], pool))
    assert variant.question == pool[0] and variant.missing == {0, 1}
    assert [ref.sha256 for ref in variant.images] == list(partners[pool[0].id].images)


def test_shared_images_and_clusters_are_no_partners() -> None:
    one = asked(1, cluster="c")
    same = asked(2, cluster="c")
    shares = question("count", "3", id="count-3", images=("1-0", "9-9"))
    with pytest.raises(Unfit, match="no other question"):
        make(material(one, [one, same, shares]))
    alone = asked(4, 3)
    assert partner_of(material(one, [one, same, shares, alone])) == alone, "another number of images, if need be"
