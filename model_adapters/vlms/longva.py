"""LongVA (7B): runs in the authors' package."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="longva",
    source="lmms-lab/LongVA-7B",
    licence="Apache-2.0",
    parameters=7_900_000_000,
    memory_gb=22,
    why="its checkpoint loads only with the authors' package (longva)",
    server="wrap the authors' code in an OpenAI-compatible server; we know of no program that serves it",
    notes=("The published run put the images in as frames of one video.",),
)

requirements, build = elsewhere(CARD)
