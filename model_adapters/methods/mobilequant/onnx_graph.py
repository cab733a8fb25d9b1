"""A converted Llama model as an ONNX graph with QuantizeLinear and DequantizeLinear at every site (opset 21).

One sequence of a fixed length, as phone runtimes want it, from token ids or embeddings to logits. Weights are integer
initialisers (4 bits: int4 types), activations uint8 or uint16; widths that ONNX lacks lie in the next wider type
behind a Clip to their own range. An unfrozen model gives the float graph, for comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.blocks import Attention, FeedForward
from model_adapters.methods.mobilequant.modules import Norm, Projection, Site
from model_adapters.methods.mobilequant.network import widths_of

OPSET = 21
INSTALL = 'pip install -e ".[quant]" -c constraints.txt'


def require_onnx() -> Any:
    """The `onnx` package.

    Raises:
        UserError: it is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError:
        raise UserError(f"The export needs the package onnx. Install the extra: {INSTALL}") from None
    return onnx


class Graph:
    """Nodes and initialisers in the making; every method gives the name of a value."""

    def __init__(self, quantised: bool) -> None:
        self.onnx = require_onnx()
        self.quantised = quantised
        self.nodes: list[Any] = []
        self.initialisers: list[Any] = []
        self._constants: dict[tuple[str, bytes], str] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """An initialiser; small equal ones are shared."""
        value = np.ascontiguousarray(value)
        key = (
            f"{value.dtype}{value.shape}",
            value.tobytes() if value.size <= 64 else str(len(self.initialisers)).encode(),
        )
        if key not in self._constants:
            self._constants[key] = f"constant_{len(self.initialisers)}"
            self.initialisers.append(self.onnx.numpy_helper.from_array(value, self._constants[key]))
        return self._constants[key]

    def integers(self, codes: NDArray[np.int64], bits: int, symmetric: bool) -> str:
        """Codes as an initialiser of the narrowest type that ONNX has for them."""
        if bits > 4:
            kind: Any = (np.int8 if symmetric else np.uint8) if bits <= 8 else np.uint16
            return self.constant(codes.astype(kind))
        types = self.onnx.TensorProto
        name = f"constant_{len(self.initialisers)}"
        flat = (codes.reshape(-1) % 16).astype(np.uint8)
        flat = np.append(flat, np.zeros(flat.size % 2, np.uint8))
        packed = (flat[0::2] | (flat[1::2] << 4)).tobytes()
        kind = types.INT4 if symmetric else types.UINT4
        self.initialisers.append(self.onnx.helper.make_tensor(name, kind, codes.shape, packed, raw=True))
        return name

    def site(self, x: str, site: Site) -> str:
        """x through a site's quantiser, where the graph is quantised."""
        if not self.quantised:
            return x
        scale, zero = np.float32(site.scale.item()), int(site.zero)
        if site.bits not in (8, 16):
            low, high = ((bound - zero) * scale for bound in site.bounds)
            x = self.op("Clip", x, self.constant(np.float32(low)), self.constant(np.float32(high)))
        kind = np.uint8 if site.bits <= 8 else np.uint16
        step, origin = self.constant(np.array(scale)), self.constant(np.array(zero, kind))
        return self.op("DequantizeLinear", self.op("QuantizeLinear", x, step, origin), step, origin)

    def weight(self, part: Projection | Norm) -> str:
        """The weight, transposed for a product where it is a matrix: [in, out]."""
        if not self.quantised:
            value = part.transformed()
            value = value[0] if isinstance(value, tuple) else value
            return self.constant(value.T.numpy() if value.ndim == 2 else value.numpy())
        assert part.codes is not None
        assert part.scale is not None
        assert part.zero is not None
        symmetric = isinstance(part, Projection) and part.symmetric
        bits = 16 if isinstance(part, Norm) and part.bits > 8 else part.bits
        codes = part.codes.numpy()
        scale, zero = part.scale.flatten().numpy(), part.zero.flatten().numpy().astype(np.int64)
        if scale.size == 1:
            scale, zero = scale.reshape(()), zero.reshape(())
        stored = self.integers(codes.T if codes.ndim == 2 else codes, bits, symmetric)
        origin = self.integers(zero, bits, symmetric)
        return self.op("DequantizeLinear", stored, self.constant(scale), origin, **({"axis": 1} if scale.ndim else {}))

    def project(self, x: str, layer: Projection, source: Site, target: Site) -> str:
        """A linear layer and the site of its output."""
        x = self.op("MatMul", x, self.weight(layer))
        bias = layer.effective(source.scale if self.quantised else None)[1]
        if bias is not None:
            x = self.op("Add", x, self.constant(bias.numpy()))
        return self.site(x, target)


def build_graph(model: Any, length: int, quantised: bool, tokens: bool = True) -> Any:
    """The `onnx.ModelProto` of a converted model.

    Args:
        length: tokens of the one sequence. quantised: with the integers of a frozen model; else in float.
        tokens: input `tokens` int64[1, length]; else `embeds` float32[1, length, width].

    Output `logits` float32[1, length, vocabulary].
    """
    import torch

    graph = Graph(quantised)
    onnx, helper, types = graph.onnx, graph.onnx.helper, graph.onnx.TensorProto
    inner = model.model
    table = inner.embed_tokens.weight.detach().numpy()
    embedding = graph.constant(table)
    x = graph.op("Gather", embedding, "tokens") if tokens else "embeds"
    positions = torch.arange(length)[None]
    with torch.no_grad():
        turn = tuple(each[0].numpy() for each in inner.rotary_emb(torch.zeros(1, length, 1), positions))
    for layer in inner.layers:
        normed = _norm(graph, x, layer.input_layernorm)
        x = graph.op("Add", x, _attention(graph, normed, layer.self_attn, widths_of(model.config), length, turn))
        normed = _norm(graph, x, layer.post_attention_layernorm)
        x = graph.op("Add", x, _feed_forward(graph, normed, layer.mlp))
    x = _root_mean_square(graph, x, float(inner.norm.variance_epsilon))
    x = graph.op("Mul", x, graph.constant(inner.norm.weight.detach().numpy()))
    if model.config.tie_word_embeddings:
        head = graph.op("Transpose", embedding, perm=[1, 0])
    else:
        head = graph.constant(model.lm_head.weight.detach().numpy().T)
    graph.nodes.append(helper.make_node("MatMul", [x, head], ["logits"], name="head"))
    given = (
        helper.make_tensor_value_info("tokens", types.INT64, [1, length])
        if tokens
        else helper.make_tensor_value_info("embeds", types.FLOAT, [1, length, table.shape[1]])
    )
    told = helper.make_tensor_value_info("logits", types.FLOAT, [1, length, model.config.vocab_size])
    made = helper.make_graph(graph.nodes, "llama", [given], [told], graph.initialisers)
    # the version of the format that opset 21 came with: older runtimes read it
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10, producer_name=onnx.__name__
    )


def _root_mean_square(graph: Graph, x: str, epsilon: float) -> str:
    axes = graph.constant(np.array([-1], np.int64))
    mean = graph.op("ReduceMean", graph.op("Mul", x, x), axes, keepdims=1)
    return graph.op("Div", x, graph.op("Sqrt", graph.op("Add", mean, graph.constant(np.float32(epsilon)))))


def _norm(graph: Graph, x: str, norm: Norm) -> str:
    normed = _root_mean_square(graph, graph.site(x, norm.inputs), norm.epsilon)
    return graph.site(graph.op("Mul", normed, graph.weight(norm)), norm.outputs)


def _attention(graph: Graph, x: str, part: Attention, widths: Any, length: int, turn: tuple[Any, ...]) -> str:
    heads = {"q": widths.heads, "k": widths.key_heads, "v": widths.key_heads}
    shape = {n: graph.constant(np.array([1, length, count, widths.head], np.int64)) for n, count in heads.items()}
    found = {}
    for n in "qkv":
        value = graph.project(x, getattr(part, f"{n}_proj"), part.feed[0], getattr(part, f"{n}_out"))
        found[n] = graph.op("Transpose", graph.op("Reshape", value, shape[n]), perm=[0, 2, 1, 3])
    for n in "qk":
        found[n] = graph.site(_rotated(graph, found[n], widths.head, turn), getattr(part, f"{n}_rot"))
    if part.groups > 1:
        for n in "kv":
            found[n] = _repeated(graph, found[n], widths, length)
    scores = graph.op("MatMul", found["q"], graph.op("Transpose", found["k"], perm=[0, 1, 3, 2]))
    scores = graph.site(graph.op("Mul", scores, graph.constant(np.float32(part.factor))), part.scores)
    mask = np.triu(np.full((length, length), np.finfo(np.float32).min, np.float32), 1)
    shares = graph.site(graph.op("Softmax", graph.op("Add", scores, graph.constant(mask)), axis=-1), part.probs)
    mixed = graph.site(graph.op("MatMul", shares, found["v"]), part.attn_out)
    whole = graph.constant(np.array([1, length, widths.heads * widths.head], np.int64))
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), whole)
    return graph.project(mixed, part.o_proj, part.attn_out, part.o_out)


def _rotated(graph: Graph, x: str, width: int, turn: tuple[Any, ...]) -> str:
    axis = graph.constant(np.array([-1], np.int64))
    ends = [graph.constant(np.array([each], np.int64)) for each in (0, width // 2, width)]
    first, second = (graph.op("Slice", x, ends[i], ends[i + 1], axis) for i in (0, 1))
    half = graph.op("Concat", graph.op("Neg", second), first, axis=-1)
    cosine, sine = (graph.constant(each) for each in turn)
    return graph.op("Add", graph.op("Mul", x, cosine), graph.op("Mul", half, sine))


def _repeated(graph: Graph, x: str, widths: Any, length: int) -> str:
    groups = widths.heads // widths.key_heads
    shapes = [
        [1, widths.key_heads, 1, length, widths.head],
        [1, widths.key_heads, groups, length, widths.head],
        [1, widths.heads, length, widths.head],
    ]
    one, many, flat = (graph.constant(np.array(each, np.int64)) for each in shapes)
    return graph.op("Reshape", graph.op("Expand", graph.op("Reshape", x, one), many), flat)


def _feed_forward(graph: Graph, x: str, part: FeedForward) -> str:
    gate = graph.project(x, part.gate_proj, part.feed[0], part.gate_out)
    up = graph.project(x, part.up_proj, part.feed[0], part.up_out)
    sigmoid = graph.site(graph.op("Sigmoid", gate), part.sigmoid_out)
    gated = graph.site(graph.op("Mul", gate, sigmoid), part.silu_out)
    return graph.project(
        graph.site(graph.op("Mul", gated, up), part.down_in), part.down_proj, part.down_in, part.down_out
    )
