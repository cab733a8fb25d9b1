"""Stage: LoRA through SmolLM2, LLaVA style: the loss is on the answer and on the end of text alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from model_adapters.vlms import smollm2
from model_adapters.vlms.embedded_network import suffix
from model_adapters.vlms.embedded_training.batches import Batches
from model_adapters.vlms.embedded_training.items import Item

TARGETS = ("q_proj", "v_proj", "o_proj")


def with_lora(model: Any, rank: int, alpha: int) -> nn.ParameterDict:
    """Put LoRA into the language model; returns its parameters by module name and "A" or "B"."""
    from peft import LoraConfig, inject_adapter_in_model

    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(TARGETS)), model)
    found = {}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)
        if "lora_" in name:
            module, _, rest = name.partition(".lora_")
            found[f"{module}.{rest[0]}".replace(".", "/")] = parameter
    return nn.ParameterDict(found)


def answer_loss(
    model: Any, table: Tensor, batches: Batches, tokens: Tensor, items: Sequence[Item], seen: Sequence[str | None]
) -> Tensor:
    """Mean cross-entropy over the tokens of the answers; padding stands on the right, where no answer looks.

    Args:
        model: SmolLM2 with LoRA. table: its embeddings.
        tokens: of all images, float [images, TOKENS, 576].
        seen: per question, what the projector's head says.
    """
    rows, golds, places, at = [], [], [], 0
    for number, each in enumerate(items):
        answer = [*batches.ids(each.answer), smollm2.EOS]
        row = prompt_row(batches, table, each, tokens[at : at + len(each.images)], seen[number])
        at += len(each.images)
        places += [(number, len(row) - 1 + k) for k in range(len(answer))]
        golds += answer
        rows.append(torch.cat([row, table[answer[:-1]]]))
    x = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    hidden = model.model(inputs_embeds=x, use_cache=False).last_hidden_state
    which, where = torch.tensor(places).T
    return functional.cross_entropy(functional.linear(hidden[which, where], table), torch.tensor(golds))


def prompt_row(batches: Batches, table: Tensor, item: Item, tokens: Tensor, seen: str | None) -> Tensor:
    """Embeddings float [length, 576] of a prompt: text, image, text, image, ..., text and suffix."""
    parts: list[Tensor] = []
    images = list(tokens) if item.images else []
    for number, text in enumerate(item.texts):
        last = number == len(item.texts) - 1
        parts.append(table[batches.ids(text + suffix(seen) if last else text)])
        if not last:
            parts.append(images[number])
    return torch.cat(parts)
