"""Instructions weighed by the embedded vision-language model: frozen, with a learnt change of its output layer.

For every instruction the model reads the request and the given answer once, and the hidden state before each token of
the answer is kept on disk. What is learnt on them is a linear change of the logits (or a small network, setting
`hidden`) over the tokens that occur in an answer, so a step costs microseconds, not a pass of the language model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data_splits.cli_support import progress_lines
from data_splits.errors import UserError
from data_splits.integrity import atomic_write, write_text
from data_splits.sources import load_questions
from data_splits.sources.registry import holds_questions
from model_adapters.methods.bads.instructions import Instruction, Instructions, of_questions, read_file
from model_adapters.methods.bads.meta_set import choose_meta, refuse_shared
from model_adapters.methods.bads.problem import UNKNOWN_TOKEN, Examples
from model_adapters.methods.bads.source import TableSource, Weighted, write_network, write_weights
from model_adapters.methods.bads.split_source import NORM, options_of
from model_adapters.protocols import AnswerRequest, BuildContext

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters

States = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Hidden states before the tokens of an answer, float32[t, d], and those tokens with the end of text, int64[t]."""


class Reader(Protocol):
    """A frozen language model that reads an answer."""

    name: str
    hash: str

    def states(self, request: AnswerRequest, answer: str) -> States: ...

    def logits(self, states: NDArray[np.float32], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32[n, v] of states float32[n, d], for v tokens."""
        ...


class EmbeddedReader:
    """The embedded model."""

    def __init__(self, context: BuildContext) -> None:
        from model_adapters.vlms import embedded
        from model_adapters.vlms.embedded_quantised import open_float

        if missing := embedded.requirements(context):
            raise UserError(f"embedded needs {missing[0].what}. {missing[0].how}")
        self._vlm = open_float(context)
        self.hash = self._vlm.card.weight_hashes[embedded.FILE]
        self.name = f"embedded {self.hash[:12]}"

    def states(self, request: AnswerRequest, answer: str) -> States:
        """As training put it: prompt, answer, end of text."""
        import torch

        vlm = self._vlm
        if reason := vlm.refusal(request):
            raise UserError(f"Instruction {request.case_id} cannot be read: {reason}.")
        tokens = vlm.answer_ids(answer)
        with torch.inference_mode():
            prompt = vlm.prompt(request)
            rows = torch.cat([prompt, self._table[tokens[:-1]]])
            hidden = vlm.language.model(inputs_embeds=rows[None], use_cache=False).last_hidden_state[0]
        return hidden[len(prompt) - 1 :].numpy().copy(), np.array(tokens, np.int64)

    def logits(self, states: NDArray[np.float32], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """By the table of embeddings, which is the output layer too."""
        found: NDArray[np.float32] = states @ self._table[tokens.tolist()].detach().numpy().T
        return found

    @property
    def _table(self) -> Any:
        return self._vlm.language.model.embed_tokens.weight


def holds_instructions(spec: str) -> bool:
    """Whether this names instructions."""
    return spec.endswith(".jsonl") or holds_questions(spec)


def from_instructions(
    specs: tuple[str, str],
    options: tuple[str, str],
    at_most: int | None,
    seed: int,
    folder: Path,
    context: BuildContext,
    reader: Reader | None = None,
) -> TableSource:
    """Training set and meta set of instructions.

    Args:
        folder: where hidden states are kept, so that a killed reading goes on. reader: the embedded model where None.

    Raises:
        UserError: a file or split that cannot be read, no answers, shared groups, or a budget that cannot be met.
    """
    parts = [_opened(spec, text) for spec, text in zip(specs, options, strict=True)]
    for part in parts:
        if not part.items or not all(each.answer.strip() for each in part.items):
            raise UserError(f"{part.entry['name']} has no labels: every instruction needs an answer, or there is none.")
    refuse_shared([each.group for each in parts[0].items], [each.group for each in parts[1].items], "group", False)
    ids = [each.id for each in parts[1].items]
    chosen = choose_meta(np.zeros((len(ids), 1), np.int64), ids, at_most, seed, ())
    used = parts[0].items, tuple(parts[1].items[row] for row in chosen)
    reader = reader or EmbeddedReader(context)
    read = [_states(part, reader, folder) for part in used]
    tokens = np.unique(np.concatenate([said for part in read for _, said in part]))
    scale = NORM / float(np.sqrt(np.mean([(x**2).sum(axis=1).mean() for x, _ in read[0]])))
    tables = [_table(part, tokens, scale, reader) for part in read]
    names = tuple(each.id for each in used[0]), tuple(each.id for each in used[1])
    facts = {
        side: {"sha256": part.entry["hash"], "instructions": len(part.items), "used": len(taken)}
        for side, part, taken in zip(("train", "meta"), parts, used, strict=True)
    } | {"model": reader.name, "tokens": len(tokens)}

    def write(found: Weighted, folder: Path) -> None:
        write_weights(names, found, folder)
        if parts[0].lines:
            rows = [{**line, "weight": float(f"{weight:.6g}")}
                    for line, weight in zip(parts[0].lines, found.weights, strict=True)]  # fmt: skip
            text = "".join(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n" for row in rows)
            write_text(folder / "instructions.jsonl", text)

    def write_model(theta: Parameters, folder: Path) -> None:
        about: Mapping[str, Any] = {
            "kind": "tokens", "model": reader.name, "hash": reader.hash, "tokens": tokens.tolist(), "scale": scale,
            "data": [str(part.entry["name"]) for part in parts],
            "adds": "to the logits of these tokens, of the last hidden state times scale",
        }  # fmt: skip
        write_network(theta, about, folder)

    return TableSource(
        kind="tokens", train=tables[0], meta=tables[1], outputs=len(tokens), train_ids=names[0], meta_ids=names[1],
        facts=facts, data=(parts[0].entry, parts[1].entry), base=reader.name, write=write, write_model=write_model,
    )  # fmt: skip


def _opened(spec: str, options: str) -> Instructions:
    if spec.endswith(".jsonl"):
        return read_file(Path(spec).expanduser())
    if not holds_questions(spec):
        raise UserError(f"{spec} holds no instructions: name a .jsonl file or a split of questions for both sets.")
    return of_questions(load_questions(spec, **options_of(options)))


def _states(items: tuple[Instruction, ...], reader: Reader, folder: Path) -> list[States]:
    """Of every instruction; those that were read before come from disk."""
    from safetensors.numpy import load_file, save

    found: list[States] = []
    tell = progress_lines("read instructions")
    for done, each in enumerate(items):
        path = folder / f"{each.key[:40]}.safetensors"
        if not path.is_file():
            hidden, said = reader.states(each.request(), each.answer)
            with atomic_write(path) as stream:
                stream.write(save({"hidden": hidden, "tokens": said}))
        held = load_file(path)
        found.append((held["hidden"], held["tokens"]))
        tell(done + 1, len(items))
    return found


def _table(read: list[States], tokens: NDArray[np.int64], scale: float, reader: Reader) -> Examples:
    longest = max(len(said) for _, said in read)
    x = np.zeros((len(read), longest, read[0][0].shape[1]), np.float32)
    offset = np.zeros((len(read), longest, len(tokens)), np.float32)
    y = np.full((len(read), longest), UNKNOWN_TOKEN, np.int64)
    for row, (hidden, said) in enumerate(read):
        x[row, : len(said)] = hidden * scale
        offset[row, : len(said)] = reader.logits(hidden, tokens)
        y[row, : len(said)] = np.searchsorted(tokens, said)
    return Examples(x, y, offset)
