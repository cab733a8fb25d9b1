"""The plan: everything that must be fixed before a sample is seen, written down with its hash, and held to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import write_json
from leaderboards.statistics.certificates.claim import Commitment, fingerprint


class Plan:
    """A hypothesis set, prior or predictor as plain JSON, in a file that is written once.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path, plain: Mapping[str, Any], when: str = "before the sample was opened") -> None:
        """Write the plan down, or find it written; `when` says in an error which moment it belongs to.

        Raises:
            UserError: another plan stands there: something that was fixed has changed.
        """
        self.path = path
        if not path.exists():
            write_json(path, {"fingerprint": fingerprint(dict(plain)), "plan": dict(plain)})
        elif self.fingerprint != fingerprint(dict(plain)):
            raise UserError(
                f"{path.name} was written down {when}, and something in it is different now. Choose another --output."
            )

    @property
    def fingerprint(self) -> str:
        """Of what was written down."""
        return str(json.loads(self.path.read_text("utf-8"))["fingerprint"])

    def kept(self, used: Mapping[str, Any]) -> Commitment:
        """The commitment: what was written down, and the same facts of what was used, gathered anew."""
        return Commitment(self.fingerprint, fingerprint(dict(used)))
