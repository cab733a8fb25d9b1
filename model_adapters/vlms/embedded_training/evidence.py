"""What the generator's evidence says of each single image: an extra target for the projector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_splits.question import Question

Target = dict[str, str]


def _count(evidence: Mapping[str, Any]) -> list[Target]:
    return [{"count": str(count)} for count in evidence["counts"]]


def _attribute(evidence: Mapping[str, Any]) -> list[Target]:
    asked = evidence["attribute"]
    return [{asked: str(values[asked])} for values in evidence["values"]]


def _analogy(evidence: Mapping[str, Any]) -> list[Target]:
    names = ("shape", "turn", "number", "size", "fill", "night")
    return [{name: str(scene[name]) for name in names} for scene in evidence["scenes"]]


def _scene(evidence: Mapping[str, Any]) -> list[Target]:
    found = []
    for seen in evidence["seen"]:
        looks = {f"{colour} {shape}" for shape, colour in (evidence["objects"][index] for index in seen)}
        everything = [f"{colour} {shape}" for shape in ("ball", "box") for colour in SCENE_COLOURS]
        found.append({"seen": str(len(seen))} | {look: str(look in looks) for look in everything})
    return found


def _sights(evidence: Mapping[str, Any]) -> list[Target]:
    found: list[Target] = []
    for fact in evidence["facts"]:
        target: Target = {}
        rows = fact.get("guide")
        if rows is None:
            target |= _flag("card", fact["postcard"]) if ":" in fact["postcard"] else {"card": fact["postcard"]}
        else:
            for place, (name, flag, landmark) in enumerate(rows):
                target |= {f"name{place}": name} if "name" in fact["shows"] else {}
                target |= _flag(f"flag{place}", flag) if "flag" in fact["shows"] else {}
                target |= {f"landmark{place}": landmark} if "landmark" in fact["shows"] else {}
        found.append(target)
    return found


def _flag(name: str, text: str) -> Target:
    pattern, colours = text.split(":")
    return {f"{name}.{stripe}": colour for stripe, colour in enumerate(colours.split(","))} | {f"{name}.way": pattern}


def _jigsaw(evidence: Mapping[str, Any]) -> list[Target]:
    return [{}, *({"place": str(evidence["order"].index(number))} for number in range(4))]


def _chain(evidence: Mapping[str, Any]) -> list[Target]:
    found = []
    for line in evidence["program"]:
        name, _, left, *rest = line.split(" ")
        target = {"name": name}
        if rest:
            target |= {"left": left, "sign": rest[0], "right": rest[1]}
        else:
            target |= {"tens": str(int(left) // 10), "units": str(int(left) % 10)}
        found.append(target)
    return found


def _food(evidence: Mapping[str, Any]) -> list[Target]:
    return [{"suits": str(not names)} for names in evidence["offending"]]


def _chest(evidence: Mapping[str, Any]) -> list[Target]:
    return [{"sick": str(sick)} for sick in evidence["sick"]]


SCENE_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
_BY_TASK: dict[str, Callable[[Mapping[str, Any]], list[Target]]] = {
    "food": _food,
    "sightseeing": _sights,
    "analogy": _analogy,
    "3d_scene": _scene,
    "image_jigsaw": _jigsaw,
    "count": _count,
    "attribute": _attribute,
    "visual_chain": _chain,
    "chest_pair": _chest,
}


def targets_of(question: Question) -> list[Target]:
    """Per image, name -> value; empty where the task's evidence says nothing of single images."""
    make = _BY_TASK.get(question.task)
    found = make(question.evidence) if make else [{} for _ in question.images]
    return [{f"{question.task}/{name}": value for name, value in each.items()} for each in found]
