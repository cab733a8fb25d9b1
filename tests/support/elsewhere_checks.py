"""What every model must say that runs in an environment of its own only."""

from __future__ import annotations

import pytest

from data_splits.errors import UserError
from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS


def check_elsewhere(name: str, source: str) -> None:
    """Card, requirement and error name the checkpoint and the way through a server; nothing is verified or run."""
    card = VLMS.card(name)
    assert (card.name, card.source, card.verified, card.kind) == (name, source, False, "vlm")
    (lack,) = VLMS.requirements(name, BuildContext())
    assert source in lack.what and f"--vlm openai:{source}" in lack.how and "base_url=" in lack.how
    with pytest.raises(UserError, match=f"openai:{source}") as told:
        VLMS.build(name, BuildContext(target="/some/folder"))
    assert "in this process" in str(told.value)
