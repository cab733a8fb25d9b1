from pathlib import Path

import pytest

from data_splits.errors import UserError
from leaderboards.statistics.certificates.claim import fingerprint
from model_adapters.methods.certificates.plan import Plan


def test_what_was_fixed_is_what_was_used(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "plan.json", {"levels": [0.1], "seed": 3})
    kept = Plan(tmp_path / "plan.json", {"seed": 3, "levels": [0.1]}).kept({"levels": [0.1], "seed": 3})
    assert kept.before == kept.used == plan.fingerprint == fingerprint({"levels": [0.1], "seed": 3})


def test_an_exchange_is_seen(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "plan.json", {"levels": [0.1]})
    used = plan.kept({"levels": [0.2]})
    assert used.before != used.used
    with pytest.raises(UserError, match=r"plan\.json was written down before the sample was opened"):
        Plan(tmp_path / "plan.json", {"levels": [0.2]})
