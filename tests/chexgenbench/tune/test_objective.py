"""An objective is an ordinary run: what it refuses, which way its numbers point. A real one is in test_command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import made_up_record
import pytest

from chexgenbench.tune.objective import FIDELITY, MEMORISATION, Objective, Sizes, results_of, value_of
from data_splits.errors import UserError
from leaderboards.records.io import write_record

OPTIONS = {"size": "96", "train": "6", "test": "6", "seed": "1"}


def test_lower_is_better_whatever_the_metric() -> None:
    record = made_up_record.record()
    results = results_of(record)
    kid, precision = results["kid_lite0"].value, results["precision_lite0"].value
    assert value_of(record, "kid_lite0") == kid
    assert precision is not None and value_of(record, "precision_lite0") == -precision
    with pytest.raises(UserError, match="nonsense has no value: it was not measured"):
        value_of(record, "nonsense")


def test_an_undefined_objective_says_why() -> None:
    record = made_up_record.record()
    empty = [
        each.model_copy(update={"value": None, "reason": "too few"}) if each.metric == "kid_lite0" else each
        for each in record.results
    ]
    with pytest.raises(UserError, match="kid_lite0 has no value: too few"):
        value_of(record.model_copy(update={"results": empty}), "kid_lite0")


def test_its_protocol_is_the_metrics_at_its_sizes_and_fits_nothing_that_nobody_asks_for() -> None:
    objective = Objective("phantom", OPTIONS, sizes=Sizes(5, 4, 3, 2))
    protocol = objective._protocol(objective._config("embedded"))
    assert {FIDELITY, MEMORISATION} <= {protocol.metric(use.metric).full_name(use.encoder) for use in protocol.uses}
    assert (protocol.max_cases, protocol.draw_prompts, protocol.probe_prompts, protocol.draws) == (5, 4, 3, 2)
    assert protocol.max_train == 0 and not protocol.groups and not protocol.floor
    fitted = replace(objective, metrics=("fld_lite0",))
    assert fitted._protocol(fitted._config("embedded")).max_train == 20


def test_unknown_metrics_and_other_sizes_are_refused(tmp_path: Path) -> None:
    objective = Objective("phantom", OPTIONS, cache=str(tmp_path / "cache"))
    with pytest.raises(UserError, match="has no metric 'kidd'"):
        replace(objective, metrics=("kidd",))("constant", tmp_path / "run")
    from chexgenbench.run_folder import RunFolder

    RunFolder(tmp_path / "done").open(objective._config("constant"))
    write_record(tmp_path / "done", made_up_record.record())
    with pytest.raises(UserError, match="other sizes or metrics"):
        objective("constant", tmp_path / "done")
