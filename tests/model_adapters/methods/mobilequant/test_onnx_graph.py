"""The exported graph, run by onnxruntime, gives what the simulation gives; in float, what transformers gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.mobilequant import onnx_graph
from model_adapters.methods.mobilequant.modules import Site
from model_adapters.methods.mobilequant.network import convert, freeze, parts
from model_adapters.methods.mobilequant.onnx_graph import build_graph, require_onnx
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.stages import observe
from model_adapters.methods.mobilequant.texts import Item

LENGTH = 10
EXTRA = "needs the extra quant (onnx, onnxruntime)"


def quantised(model: Any, bits: Bits) -> Any:
    convert(model, bits)
    embeds = model.model.embed_tokens(torch.arange(40)[None])
    observe(model, [Item(embeds, torch.zeros(40))])
    for _, part in parts(model):
        if isinstance(part, Site):
            part.settle()
    freeze(model)
    return model


@pytest.mark.parametrize(
    ("bits", "changes"),
    [
        (Bits(8, 8), {}),
        (Bits(4, 8), {"attention_bias": True, "mlp_bias": True}),
        (Bits(4, 6, symmetric=True), {"num_key_value_heads": 4, "tie_word_embeddings": False}),
        (Bits(8, 16), {}),
    ],
)
def test_onnxruntime_agrees_with_the_simulation(llama: Callable[..., Any], bits: Bits, changes: dict[str, Any]) -> None:
    pytest.importorskip("onnx", reason=EXTRA)
    pytest.importorskip("onnxruntime", reason=EXTRA)
    from model_adapters.methods.mobilequant.export import agreement

    model = quantised(llama(**changes), bits)
    made = build_graph(model, LENGTH, quantised=True)
    found = agreement(model, made.SerializeToString(), LENGTH, tokens=True)
    # a float sum in another order may move a code by one step; nothing more
    assert found["same_best"] == 1.0
    assert found["difference"] < 0.02
    kinds = {each.op_type for each in made.graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert ("Clip" in kinds) == (bits.activations == 6)


def test_in_float_the_graph_is_the_model(llama: Callable[..., Any]) -> None:
    pytest.importorskip("onnx", reason=EXTRA)
    pytest.importorskip("onnxruntime", reason=EXTRA)
    from model_adapters.methods.mobilequant.onnx_run import logits, open_session

    model = llama()
    ids = torch.arange(LENGTH)[None]
    theirs = model(input_ids=ids).logits.numpy()
    embeds = model.model.embed_tokens(ids).numpy()
    convert(model, Bits())
    made = build_graph(model, LENGTH, quantised=False, tokens=False)
    assert not {each.op_type for each in made.graph.node} & {"QuantizeLinear", "DequantizeLinear"}
    ours = logits(open_session(made.SerializeToString()), embeds)
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"\[quant\]"):
        require_onnx()
    assert onnx_graph.OPSET == 21
