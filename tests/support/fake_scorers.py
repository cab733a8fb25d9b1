"""Modules with the interfaces of scorers whose weights a test does not have; signatures as in the real packages."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from made_features import score
from made_reports import report_input, shuffled

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import _written, report_of

Calls = list[dict[str, Any]]


def overlap(a: str, b: str) -> float:
    """Share of words in common: 1 for a copy."""
    first, second = set(a.lower().split()), set(b.lower().split())
    return len(first & second) / len(first | second)


def install(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> ModuleType:
    """Put a module of this name, with its parents, where an import finds it."""
    from importlib.machinery import ModuleSpec

    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.__dict__.update(members)
    parent, _, child = name.rpartition(".")
    if parent:
        above = sys.modules.get(parent) or install(monkeypatch, parent)
        setattr(above, child, module)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def radgraph(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """radgraph 0.1.18: F1RadGraph(reward_level, model_type, **kwargs of RadGraph)(refs=, hyps=)."""

    class F1RadGraph:
        def __init__(self, reward_level: str, model_type: str | None = None, **kwargs: Any) -> None:
            assert set(kwargs) <= {"batch_size", "cuda", "temp_dir", "model_cache_dir", "tokenizer_cache_dir"}
            calls.append({"reward_level": reward_level, "model_type": model_type, **kwargs})

        def __call__(self, refs: list[str], hyps: list[str]) -> tuple[float, list[float], list[Any], list[Any]]:
            assert all(refs) and all(hyps)
            rewards = [overlap(a, b) for a, b in zip(refs, hyps, strict=True)]
            return float(np.mean(rewards)), rewards, [], []

    install(monkeypatch, "radgraph", F1RadGraph=F1RadGraph)


def bert_score(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """bert-score 0.3.13: score(cands, refs, model_type=, num_layers=, ...) -> (P, R, F) tensors."""
    import torch

    def score(
        cands: list[str], refs: list[str], model_type: str, num_layers: int, **kwargs: Any
    ) -> tuple[Any, Any, Any]:
        assert set(kwargs) <= {"idf", "device", "batch_size", "rescale_with_baseline", "verbose", "nthreads"}
        calls.append({"model_type": model_type, "num_layers": num_layers, **kwargs})
        found = torch.tensor([overlap(a, b) for a, b in zip(cands, refs, strict=True)])
        return found * 0, found * 0, found

    install(monkeypatch, "bert_score", score=score)
    install(monkeypatch, "bert_score.utils", model2layers={"distilbert-base-uncased": 5})


def ratescore(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """RaTEScore 0.6.0: RaTEScore(bert_model, eval_model, batch_size, use_gpu, ...).compute_score(written, real)."""

    class RaTEScore:
        def __init__(self, bert_model: str, eval_model: str, batch_size: int = 1, use_gpu: bool = True) -> None:
            calls.append({"bert_model": bert_model, "eval_model": eval_model, "use_gpu": use_gpu})

        def compute_score(self, candidate_list: list[str], reference_list: list[str]) -> list[float]:
            assert isinstance(candidate_list, list) and isinstance(reference_list, list)
            return [overlap(a, b) for a, b in zip(candidate_list, reference_list, strict=True)]

    install(monkeypatch, "RaTEScore", RaTEScore=RaTEScore)
    install(monkeypatch, "medspacy")


def radeval(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """radeval 2.2.1: the prompt and the reader of GREEN."""

    class GREEN:
        def __init__(self, model_name: str | None = None, output_dir: str = ".", cpu: bool = False) -> None:
            assert model_name is None, "the package would load it with remote code"

        def compute_green(self, response: str) -> float | None:
            calls.append({"response": response})
            return None if "unreadable" in response else float(response.split()[-1])

    install(monkeypatch, "radeval.metrics.green_score", GREEN=GREEN)
    install(
        monkeypatch,
        "radeval.metrics.green_score.utils",
        make_prompt=lambda reference, candidate, max_len=300: f"{reference} | {candidate}",
        clean_responses=lambda response: response.strip(),
    )


def check_mean_over_reports(metric: Metric) -> None:
    """The stand-ins score a pair by its common words, so the value can be added up by hand."""
    data = report_input(shuffled)
    found = _written(data)
    assert not isinstance(found, str)
    pairs = zip(data.reference.cases, found.reports["tstr"], strict=True)
    expected = np.mean([overlap(report_of(case), text) for case, text in pairs])
    result = score(metric, data)
    assert result.value == pytest.approx(expected, abs=1e-6) and result.extra["tstr_minus_trtr_high"] < 0
