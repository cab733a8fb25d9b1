"""The ingredient table: no ingredient in two places, traps and plain ones in no group."""

from __future__ import annotations

from data_splits.mirb_procedural.ingredients import (
    ALSO,
    DIETS,
    HIDDEN,
    MAYBE,
    OBVIOUS,
    PLAIN,
    TRAPS,
    clear_of,
    groups,
    suits,
)

GROUPS = set(OBVIOUS)


def test_tables_agree() -> None:
    assert set(HIDDEN) == set(TRAPS) == GROUPS
    listed = [name for table in (OBVIOUS, HIDDEN) for names in table.values() for name in names]
    traps = [name for names in TRAPS.values() for name in names]
    every = [*listed, *traps, *PLAIN]
    assert len(set(every)) == len(every)
    assert {*ALSO, *MAYBE} <= set(every)
    assert all(diet.forbids <= GROUPS for diet in DIETS.values())


def test_groups() -> None:
    assert groups("whole milk") == {"milk"}
    assert groups("frangipane") == {"nut", "egg", "milk"}
    assert not any(groups(name) for name in (*PLAIN, "eggplant", "cocoa butter", "buckwheat flour", "nutmeg"))


def test_diets() -> None:
    assert suits(["water", "honey", "salt"], "vegetarian")
    assert not suits(["water", "honey", "salt"], "vegan")
    assert not suits(["lard", "potatoes"], "vegetarian")
    assert suits(["cream of tartar"], "milk")
    assert not clear_of("miso paste", DIETS["gluten"].forbids)  # some is made with barley
    assert clear_of("miso paste", DIETS["milk"].forbids)
