"""What is condensed: the cases of a split that the class rule tells apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split
from model_adapters.methods.satm.classes import ClassRule, cases_by_class, class_rule


@dataclass(frozen=True)
class Source:
    """What is condensed: cases of all classes one after the other, their class, and the rule."""

    split: Split
    subset: str
    rule: ClassRule
    cases: Sequence[Case]
    targets: NDArray[np.int64]

    @property
    def facts(self) -> dict[str, Any]:
        """For the record: no case, no patient."""
        return {
            "name": self.split.name,
            "version": self.split.version,
            "subset": self.subset,
            "hash": self.split.manifest.hash,
            "licence": self.split.licence,
            "credentialed": self.split.credentialed,
        }

    @property
    def counts(self) -> dict[str, int]:
        """Cases by class, and those of none."""
        found = {name: int((self.targets == number).sum()) for number, name in enumerate(self.rule.names)}
        return {**found, "left out": len(self.split.cases(self.subset)) - len(self.cases)}


def open_source(inputs: Mapping[str, Any], least: int) -> Source:
    """The split of a method's inputs, its classes told apart.

    Raises:
        UserError: see `load_split`, `class_rule`, `cases_by_class`.
    """
    split = inputs["split"]
    if not isinstance(split, Split):
        split = load_split(str(split), **_options(inputs["split_options"]))
    rule = class_rule(inputs["classes"])
    groups = cases_by_class(split, inputs["subset"], rule, least)
    targets = np.concatenate([np.full(len(group), number, np.int64) for number, group in enumerate(groups)])
    return Source(split, inputs["subset"], rule, [case for group in groups for case in group], targets)


def _options(given: Any) -> dict[str, Any]:
    if given is None or isinstance(given, dict):
        return dict(given or {})
    pairs = [part.partition("=") for part in str(given).split(";") if part.strip()]
    if not all(sign for _, sign, _ in pairs):
        raise UserError(f"split_options is written KEY=VALUE;KEY=VALUE, not {given!r}.")
    return {key.strip(): value.strip() for key, _, value in pairs}
