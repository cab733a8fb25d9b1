"""Emu2-Chat (37B): remote code, several GPUs."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="emu2",
    source="BAAI/Emu2-Chat",
    licence="Emu2 licence (research)",
    parameters=37_000_000_000,
    memory_gb=160,
    why="its class is remote code",
    server="no serving program is known to us; wrap the authors' code in an OpenAI-compatible server",
    notes=("The published run spread it over four GPUs of 38 GiB each and put a stray bracket before every question.",),
)

requirements, build = elsewhere(CARD)
