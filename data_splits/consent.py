"""The one question before text or pixels of a split are written somewhere: may they be?"""

from __future__ import annotations

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from data_splits.split import Split

MARK = "CREDENTIALED"
"""A file of this name beside a cases.csv says that the split is credentialed: what is derived from one stays one."""


def require_consent(split: Split | QuestionSplit, allowed: bool, what: str) -> None:
    """Refuse to write images or prompts of a credentialed split unless the user said so by name.

    Raises:
        UserError: the split is credentialed and `allowed` is False.
    """
    if split.credentialed and not allowed:
        raise UserError(
            f"Split {split.name} is credentialed: {what} would write its images or texts to a file. "
            "If your data use agreement allows that on this machine, add --include-credentialed."
        )
