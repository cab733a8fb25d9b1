"""Which class a case is of: multi-label chest data have none, so a rule is stated, and what it leaves out counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.errors import UserError
from data_splits.sources.labels import chexpert_name
from data_splits.split import Split

ATTRIBUTES = {"view": ("AP", "PA"), "sex": ("F", "M")}


@dataclass(frozen=True)
class ClassRule:
    """From a case to its class.

    Attributes:
        kind: exclusive: several labels, a case is of the one that alone is 1. binary: one label, 1 or 0.
            view, sex: that attribute.
        label: of a binary rule. names: of the classes.
    """

    kind: str
    names: tuple[str, ...]
    label: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words, for records and data cards."""
        if self.kind == "exclusive":
            return (
                f"A case is of the one class among {', '.join(self.names)} whose label is 1, if no other of them is 1 "
                "or uncertain; all other cases are left out."
            )
        if self.kind == "binary":
            return f"{self.label} 1 against 0; cases where it is uncertain or unknown are left out."
        return f"The {self.kind} of the case; cases where it is unknown are left out."

    def of(self, case: Case) -> int | None:
        """Number of a case's class, or None where it is of none."""
        if self.kind in ATTRIBUTES:
            value = getattr(case, self.kind)
            return self.names.index(value) if value in self.names else None
        if self.kind == "binary":
            return {1: 0, 0: 1}.get(case.labels.get(self.label, -1))
        stated = [number for number, name in enumerate(self.names) if case.labels.get(name, 0) != 0]
        if len(stated) != 1 or case.labels[self.names[stated[0]]] != 1:
            return None
        return stated[0]

    def told(self, number: int) -> dict[str, object]:
        """What is known of an image of a class, as fields of a `Case`: nothing but what the class says."""
        if self.kind in ATTRIBUTES:
            return {self.kind: self.names[number]}
        if self.kind == "binary":
            return {"labels": {self.label: 1 - number}}
        return {"labels": {name: int(each == number) for each, name in enumerate(self.names)}}


def class_rule(text: str) -> ClassRule:
    """The rule of an input `classes`.

    Args:
        text: one label, two or more separated by commas, "view" or "sex".

    Raises:
        UserError: no such label, or one named twice.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 1 and parts[0] in ATTRIBUTES:
        return ClassRule(parts[0], ATTRIBUTES[parts[0]])
    names = [chexpert_name(part) for part in parts]
    unknown = [part for part, name in zip(parts, names, strict=True) if name is None]
    if unknown or not parts:
        raise UserError(
            f"classes names {unknown[0] if unknown else 'nothing'!r}: give one label, several separated by commas, "
            f"view or sex. Labels: {', '.join(CHEXPERT_LABELS)}."
        )
    found = tuple(dict.fromkeys(name for name in names if name is not None))
    if len(found) < len(parts):
        raise UserError(f"classes names a label twice: {text}.")
    if len(found) == 1:
        return ClassRule("binary", (found[0], f"no {found[0]}"), found[0])
    return ClassRule("exclusive", found)


def cases_by_class(split: Split, subset: str, rule: ClassRule, least: int) -> tuple[tuple[Case, ...], ...]:
    """The cases of each class, in manifest order.

    Args:
        least: images that every class must have.

    Raises:
        UserError: the split has no labels, or a class has too few images.
    """
    cases: Sequence[Case] = split.cases(subset)
    where = f"{split.name}, {subset}"
    if rule.kind not in ATTRIBUTES and not any(case.labels for case in cases):
        raise UserError(
            f"{where} has no labels, so its images have no class. A folder needs columns named after CheXpert labels; "
            "classes=view and classes=sex need none."
        )
    if rule.kind in ATTRIBUTES and not any(getattr(case, rule.kind) for case in cases):
        raise UserError(f"{where} does not tell the {rule.kind} of any case. Choose classes by label.")
    found: tuple[list[Case], ...] = tuple([] for _ in rule.names)
    for case in cases:
        number = rule.of(case)
        if number is not None:
            found[number].append(case)
    short = [f"{name} has {len(each)}" for name, each in zip(rule.names, found, strict=True) if len(each) < least]
    if short:
        raise UserError(
            f"{where}: {'; '.join(short)} image(s), and {least} a class are needed (images_per_class). "
            "Lower it, or choose other classes."
        )
    return tuple(tuple(each) for each in found)
