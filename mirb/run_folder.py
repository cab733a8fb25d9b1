"""A run of MIRB.

config.json      what was asked
responses/       the answers (ResponseStore)
asked.json       which question was asked how: question id -> key of its answer
statistics/      arrays from which every number of the record can be recomputed
record.json      the result
outcomes.jsonl   what each scorer says of each answer, by question id; no text
run.json         what varied; report.html, results.csv
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from model_adapters.inference.run_folder import PACKAGES, BaseRunConfig, BaseRunFolder

ProtocolName = Literal["v2", "official", "lmms-eval"]


class RunConfig(BaseRunConfig):
    """Everything a run of MIRB was asked for.

    Attributes:
        seed: of the questions that a generated split makes. limit: questions of each task at most.
        certify: attach a certificate from so many independent questions. trained_elsewhere: why training saw none.
        letters: where the protocol asks for letters by probability, do so; False asks for text instead, as the paper
            did for models that tell no probabilities.
    """

    runtime: ClassVar[tuple[str, ...]] = ("weights", "device", "batch_size", "show_credentialed", "max_bad", "certify",
                                          "trained_elsewhere")  # fmt: skip

    vlm: str
    protocol: ProtocolName = "v2"
    tasks: tuple[str, ...] | None = None
    limit: int | None = Field(default=None, ge=1)
    seed: int = Field(default=7, ge=0)
    letters: bool = True
    dtype: str | None = None
    model_options: dict[str, str] = Field(default_factory=dict)
    split_options: dict[str, str] = Field(default_factory=dict)

    weights: str | None = None
    device: str = "cpu"
    batch_size: int = Field(default=8, ge=1)
    max_bad: int = Field(default=0, ge=0)
    show_credentialed: bool = False
    certify: int | None = Field(default=None, ge=1)
    trained_elsewhere: str | None = None


class RunFolder(BaseRunFolder[RunConfig]):
    """The files of one run of MIRB below `root`."""

    kind = RunConfig
    command = "mirb"
    packages = (*PACKAGES, "tokenizers", "torchvision", "peft")

    @property
    def responses(self) -> Path:
        return self.root / "responses"

    @property
    def asked(self) -> Path:
        return self.root / "asked.json"

    @property
    def outcomes(self) -> Path:
        return self.root / "outcomes.jsonl"
