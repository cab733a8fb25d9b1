from __future__ import annotations

from pathlib import Path

import numpy as np

from chexgenbench.metrics.base import StoredRows
from chexgenbench.stages.score import keeper
from leaderboards.records.statistics_store import StatisticsWriter


def test_rows_of_images_are_not_stored_and_other_rows_are(tmp_path: Path) -> None:
    writer = StatisticsWriter(tmp_path)
    writer.add_source("lite0.generated", np.ones((3, 2), np.float32))
    keep, rows = keeper(writer), np.arange(3)
    assert keep("fid_grey64", "overall", "raw", {"generated": StoredRows("grey64.generated", rows)}) is None
    assert keep("fid_lite0", "overall", "raw", {"generated": StoredRows("lite0.generated", rows)}) is not None
    assert keep("copy_rate_grey64", "overall", "raw", {"score": np.ones(3)}) is not None
    assert "metric.fid_grey64.safetensors" not in writer.close()
