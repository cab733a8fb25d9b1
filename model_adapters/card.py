"""The model card: what a record and a board must know of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ModelCard(BaseModel):
    """Facts about one checkpoint, written by the adapter's author and checked by `model-adapters check`.

    Attributes:
        name: the registry name, for example "sana".
        kind: which of the five adapter protocols it follows.
        source: hub id, local path or "ships with this package"; never a claim that was not looked up.
        verified: False where `source` or a setting comes from a second hand; shown as such.
        revision: commit of the hub repository, where pinned.
        parameters: number of weights, or None if unknown.
        licence: licence of the weights.
        resolution: native output (generators) or input (encoders) side in pixels.
        settings: sampling or preprocessing settings by protocol-independent name.
        training_data: names of data sets the weights have seen, for contamination flags.
        weight_hashes: file name -> sha256 of what was loaded.
        needs: what a user must have to run it (hub download, extra, GPU memory), in a few words.
        notes: limits and defects a reader of a table must know.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["generator", "vlm", "encoder", "predictor", "method"]
    source: str
    licence: str
    verified: bool = True
    revision: str | None = None
    parameters: int | None = None
    resolution: int | None = None
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    training_data: tuple[str, ...] = ()
    weight_hashes: dict[str, str] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    download_gb: float | None = None
    memory_gb: float | None = None
    notes: tuple[str, ...] = ()
