"""What a fine-tuned checkpoint says of itself: card.json and training_cases.json, which capacity-control leaves in it.

Any generator that loads such a folder passes this on: on which cases it was fine-tuned (the members of every
memorisation metric), and of which data it must be flagged as contaminated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.protocols import BuildContext

CARD_FILE, CASES_FILE = "card.json", "training_cases.json"


def card_facts(folder: Path) -> dict[str, Any]:
    """Entries of a model card that the folder knows better than its adapter; none for any other folder.

    Raises:
        UserError: a damaged card.json.
    """
    path = folder / CARD_FILE
    if not (folder / CASES_FILE).is_file() or not path.is_file():
        return {}
    try:
        card = ModelCard(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, ValidationError) as error:
        raise UserError(f"{path} is no model card ({type(error).__name__}). Run the training again.") from error
    return {"licence": card.licence, "training_data": card.training_data, "notes": card.notes}


def training_cases(context: BuildContext) -> frozenset[str] | None:
    """The cases of the context's split that the context's folder was fine-tuned on.

    A case is known by its id and the hash of its prompt: two cohorts of phantoms name their cases alike. None where the
    folder says nothing, or nothing of this split. What its base had seen before counts as seen by nobody here: the
    question that these cases answer is what the fine-tuning memorised.

    Raises:
        UserError: a damaged training_cases.json.
    """
    named = context.weights or context.target
    path = Path(named).expanduser() / CASES_FILE if named else None
    if path is None or context.split is None or not path.is_file():
        return None
    try:
        told = json.loads(path.read_text("utf-8"))
        split, known = told["split"], dict(told["cases"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} names no training cases ({type(error).__name__}). Run the training again.") from error
    if split != context.split.name:
        return None
    entries = context.split.manifest.entries
    return frozenset(each.id for each in entries if known.get(each.id, "") == each.prompt_sha256) or None


def adapter_of(folder: Path) -> str | None:
    """ "embedded" for a fine-tuned folder that the generator of that name draws with; None for any other folder.

    Its model_index.json names a pipeline of diffusers, which would draw from it with other settings.
    """
    try:
        told = json.loads((folder / CASES_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return "embedded" if isinstance(told, dict) and told.get("adapter") == "embedded" else None
