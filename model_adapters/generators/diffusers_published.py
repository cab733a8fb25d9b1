"""A published checkpoint: card, family and hub ids. The registry's entry for it (`module:OBJECT`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators import diffusers_loading as loading
from model_adapters.generators.diffusers_pipeline import Family, Loaded, PipelineGenerator
from model_adapters.generators.fine_tuned import card_facts, training_cases
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Estimate, Missing

CPU_RATE, GPU_RATE = 4e10, 1.2e14
"""Floating-point operations a second that estimates count on: per CPU core, and of a data-centre GPU in half precision
at about 40 % of its peak."""


@dataclass(frozen=True)
class Published:
    """Makes the adapter of one checkpoint: NAME (the published weights), NAME:stock, NAME:PATH or NAME:OWNER/NAME.

    Attributes:
        card: `source` is the hub id of what was published: the whole checkpoint, or LoRA weights if `base` is set.
        family: its pipeline. base: hub id of the checkpoint that LoRA weights belong to.
        stock: hub id of the model before fine-tuning, for NAME:stock; None if there is nothing else than `source`.
        generator: the class that draws.
    """

    card: ModelCard
    family: Family
    base: str | None = None
    stock: str | None = None
    generator: type[PipelineGenerator] = PipelineGenerator

    @property
    def options(self) -> dict[str, OptionValue]:
        """What `--model-option` takes, with the published defaults."""
        return {**self.family.options, **loading.LOADING}

    def __call__(self, context: BuildContext) -> PipelineGenerator:
        """Load it.

        Raises:
            UserError: weights, packages or a GPU are missing, and how to get them.
        """
        missing = self.requirements(context)
        if missing:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in missing))
        options = self._options(context)
        loading.require_offload(options["offload"], context.device)
        source, folder = self._checkpoint(context)
        lora_source, lora = self._lora(context, options)
        assert folder is not None  # or it would be missing
        loaded = Loaded(source, folder, lora_source, lora, context.device, context.dtype, context.protocol, options)
        card = self._card(source, lora_source).model_copy(update=card_facts(folder))
        return self.generator(card, self.family, loaded)

    def requirements(self, context: BuildContext) -> list[Missing]:
        """The checkpoint or parts of it, LoRA weights, peft, a GPU."""
        options = self._options(context)
        source, folder = self._checkpoint(context)
        missing: list[Missing] = []
        if folder is None:
            how = f"hf download {source}, or point to a copy: --model {self.card.name}:/path/to/checkpoint"
            missing.append(Missing(f"the checkpoint {source}", how, self.card.download_gb))
        else:
            missing += self._parts(folder, source)
        missing += loading.missing_lora(*self._lora(context, options))
        large = folder is None or checkpoint.is_large(folder)
        return missing + loading.missing_device(context.device, options, large, self.card.memory_gb)

    def estimate(self, context: BuildContext, images: int) -> Estimate | None:
        """Time from operation counts; None where nobody counted them."""
        if self.family.operations is None:
            return None
        options = self._options(context)
        guided = 1 if self.family.pipeline == "FluxPipeline" else 2
        work = images * guided * options["steps"] * self.family.operations
        memory = self.card.memory_gb or 0.0
        if context.device == "cpu" and options["allow_cpu"]:
            import os

            cores = os.cpu_count() or 1
            return Estimate(work / (CPU_RATE * cores), 2 * memory, f"this CPU ({cores} cores)", _BASIS)
        return Estimate(work / GPU_RATE, memory, "a data-centre GPU", _BASIS)

    def training_cases(self, context: BuildContext) -> frozenset[str] | None:
        """What a fine-tuned checkpoint says it was fine-tuned on."""
        return training_cases(context)

    def _options(self, context: BuildContext) -> dict[str, Any]:
        return read_options(context.options, self.options, self.card.name)

    def _checkpoint(self, context: BuildContext) -> tuple[str, Path | None]:
        named = str(context.weights) if context.weights else context.target
        if named == "stock":
            if self.stock is None and self.base is None:
                raise UserError(f"{self.card.name} has no other weights than its own. Leave :stock away.")
            named = None
            return loading.locate(named, str(self.stock or self.base))
        return loading.locate(named, self.base or self.card.source)

    def _lora(self, context: BuildContext, options: Mapping[str, Any]) -> tuple[str | None, Path | None]:
        own = self.card.source if self.base and context.target != "stock" else None
        return loading.locate_lora(str(options["lora"]), own)

    def _parts(self, folder: Path, source: str) -> list[Missing]:
        unread = tuple(f"the part {name} of" for name, value in self.family.load.items() if value is None)
        lacking = checkpoint.incomplete(folder, self.family.pipeline, source)
        return [each for each in lacking if not each.what.startswith(unread)]

    def _card(self, source: str, lora: str | None) -> ModelCard:
        """The card of what is loaded: the stock model, or one with LoRA weights of the user's, has seen other data."""
        if source in (self.stock, self.base) and lora is None:
            return self.card.model_copy(update={"training_data": ()})
        return self.card


_BASIS = "estimated from operation counts, not measured"
