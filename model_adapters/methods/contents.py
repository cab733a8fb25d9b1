"""Holds a fit that was begun to the files that it was begun with: a path among its inputs says nothing of contents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, write_json
from model_adapters.inference.store_files import differences


def hold_to_contents(path: Path, facts: Mapping[str, Any], what: str) -> None:
    """Write down what a fit rests on, or compare it with what an earlier call wrote.

    Args:
        path: a file in the method's own folder. facts: plain JSON, such as hashes of contents.
        what: whose contents they are, for example "The split".

    Raises:
        UserError: they are others now.
    """
    wanted = json.loads(canonical_json(dict(facts)))
    if not path.exists():
        write_json(path, wanted)
        return
    if differing := sorted(differences(json.loads(path.read_text("utf-8")), wanted)):
        raise UserError(
            f"{what} changed since {path.parent.parent} was begun (differing: {', '.join(differing[:5])}). "
            "Choose another --output."
        )
