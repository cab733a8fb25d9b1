"""VILA (Efficient-Large-Model): runs in a fork of the authors' LLaVA package."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="vila",
    source="Efficient-Large-Model/VILA-7b",
    licence="CC-BY-NC-4.0 (Llama 2 inside)",
    parameters=7_000_000_000,
    memory_gb=18,
    why="its checkpoint loads only with the authors' package (a fork of llava)",
    server="the authors' server of the VILA repository",
    notes=("MIRB's published rows are VILA-2.7b and VILA-7b.",),
)

requirements, build = elsewhere(CARD)
