"""The files are read back by huggingface_hub itself."""

from __future__ import annotations

import re

import made_up_record
import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from data_splits.errors import UserError
from leaderboards.export.hub import exported, hub_files, task_id
from leaderboards.records.io import record_hash
from leaderboards.records.schema import MetricResult

SOURCE = "https://example.org/records/1"
HOSTILE = "<script>alert(1)</script>\n---\n=1+1 | [x](javascript:1) \u202e"


def test_the_card_is_read_by_the_hubs_own_parser() -> None:
    record = made_up_record.record()
    card = ModelCard(hub_files(record, source=SOURCE)["README.md"])
    name, results = model_index_to_eval_results(card.data.to_dict()["model-index"])
    assert name == "sana" and len(results) == len(exported(record)) == len(made_up_record.METRICS)
    kid = next(each for each in results if each.metric_type == "kid_lite0")
    mine = next(
        each for each in record.results if (each.metric, each.group, each.variant) == ("kid_lite0", "overall", "raw")
    )
    assert (
        kid.metric_value == mine.value and kid.metric_args["low"] == mine.low and kid.metric_args["high"] == mine.high
    )
    assert (kid.task_type, kid.dataset_type, kid.dataset_config, kid.dataset_split) == (
        "text-to-image",
        "nih-chestxray14",
        "v2",
        "test",
    )
    assert kid.dataset_args["record"] == record_hash(record) and kid.source_url == SOURCE
    assert "lower is better" in kid.metric_name


def test_evaluation_results_are_read_by_the_hubs_own_parser() -> None:
    record = made_up_record.record()
    files = hub_files(record, "owner/benchmark", SOURCE)
    assert set(files) == {"README.md", ".eval_results/chexgenbench.yaml"}
    entries = parse_eval_result_entries(yaml.safe_load(files[".eval_results/chexgenbench.yaml"]))
    assert len({each.task_id for each in entries}) == len(entries) == len(exported(record))
    by_task = {each.task_id: each for each in entries}
    for result in exported(record):
        entry = by_task[task_id(result)]
        assert entry.value == result.value and entry.dataset_id == "owner/benchmark" and entry.source_url == SOURCE
        assert "protocol v2" in str(entry.notes) and record_hash(record)[:16] in str(entry.notes)
        assert ("interval" in str(entry.notes)) == (result.low is not None)


def test_without_a_benchmark_there_is_a_card_alone_and_warnings_travel_with_it() -> None:
    record = made_up_record.record()
    files = hub_files(record)
    assert set(files) == {"README.md"} and "Not comparable with the full benchmark." in files["README.md"]
    assert "source" not in yaml.safe_load(files["README.md"].split("---\n")[1])["model-index"][0]["results"][0]


def test_tasks_of_mirb_have_ids_of_their_own() -> None:
    def line(group: str, metric: str = "accuracy", variant: str = "raw") -> MetricResult:
        data = {
            "metric": metric,
            "family": "overall",
            "group": group,
            "variant": variant,
            "value": 0.5,
            "direction": "higher",
        }
        return MetricResult.model_validate(data | {"estimator": "stratified_rate", "n_generated": 9, "n_reference": 0})

    results = [line("overall"), line("overall", variant="chance"), line("task=3d_scene"), line("task=food", "unparsed")]
    record = made_up_record.record(benchmark="mirb", results=results, encoders=[])
    assert [task_id(each) for each in exported(record)] == ["accuracy", "accuracy.task.3d_scene"]
    assert set(hub_files(record, "VLLMs/MIRB")) == {"README.md", ".eval_results/mirb.yaml"}


def test_hostile_texts_stay_texts() -> None:
    record = made_up_record.record(
        model={"name": HOSTILE},
        protocol=HOSTILE,
        warnings=[HOSTILE],
        split={"name": HOSTILE, "subset": HOSTILE, "hash": HOSTILE},
    )
    files = hub_files(record, "owner/benchmark")
    head, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", files["README.md"], re.DOTALL).groups()  # type: ignore[union-attr]
    index = yaml.safe_load(head)["model-index"]
    assert index[0]["name"] == HOSTILE and index[0]["results"][0]["dataset"]["type"] == HOSTILE
    assert "<" not in body.replace("&lt;", "") and "](" not in body.replace("\\[x](", "") and "\n---\n" not in body
    assert ModelCard(files["README.md"]).data.to_dict()["model-index"] == index
    assert HOSTILE in yaml.safe_load(files[".eval_results/chexgenbench.yaml"])[0]["notes"]


@pytest.mark.parametrize("dataset", ["name", "a/b/c", "../x", "a b/c", "owner/na\nme", "https://x/y"])
def test_a_data_set_id_is_checked(dataset: str) -> None:
    with pytest.raises(UserError, match="data set"):
        hub_files(made_up_record.record(), dataset)


@pytest.mark.parametrize("source", ["http://x.org", "javascript:1", "https://x.org/ y", 'https://x.org/"><b>'])
def test_an_address_is_checked(source: str) -> None:
    with pytest.raises(UserError, match="https"):
        hub_files(made_up_record.record(), None, source)


def test_nothing_to_export_is_said() -> None:
    with pytest.raises(UserError, match="nothing to export"):
        hub_files(made_up_record.record(results=[]))
