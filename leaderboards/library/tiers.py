"""How far a row can be trusted, and who says so."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from data_splits.errors import UserError

LEDGER_FILE = "ledger.json"


class Tier(StrEnum):
    """Of a row, from the most to the least trusted.

    from_samples: a maintainer had the images or answers and measured them again (the ledger says who).
    from_statistics: this machine recomputed every number of the record from its stored arrays, and all agreed.
    self_reported: neither. published: typed from a paper (leaderboards.reference).
    """

    from_samples = "recomputed from samples"
    from_statistics = "recomputed from statistics"
    self_reported = "self-reported"
    published = "published"


class Verdict(BaseModel):
    """Who measured a record's samples again, when, and by which command."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str = Field(min_length=1, max_length=200)
    date: date
    command: str = Field(min_length=1, max_length=2000)


class _Ledger(RootModel[dict[str, dict[str, Verdict]]]):
    pass


def read_ledger(root: Path) -> dict[str, Verdict]:
    """Record hash -> verdict, from ``{"<hash>": {"recomputed from samples": {"by", "date", "command"}}}``.

    Maintainers write the ledger by hand; a submission that touches it is refused.

    Raises:
        UserError: the file is not such a ledger.
    """
    path = root / LEDGER_FILE
    if not path.is_file():
        return {}
    try:
        entries = _Ledger.model_validate(json.loads(path.read_text("utf-8"))).root
    except (ValidationError, ValueError, RecursionError) as error:
        line = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)
        raise UserError(f"{path} is not a ledger: {line}.") from error
    wrong = [name for tiers in entries.values() for name in tiers if name != Tier.from_samples.value]
    if wrong:
        raise UserError(f"{path} names the tier {wrong[0]!r}; a ledger holds only {Tier.from_samples.value!r}.")
    return {name: tiers[Tier.from_samples.value] for name, tiers in entries.items() if tiers}
