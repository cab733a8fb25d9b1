"""InternLM-XComposer2 (7B): remote code."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="xcomposer2",
    source="internlm/internlm-xcomposer2-7b",
    licence="Apache-2.0 code; weights free for research, commercial use on request",
    parameters=8_600_000_000,
    memory_gb=22,
    why="its class is remote code",
    server="lmdeploy serve api_server",
    notes=("The published run read option letters from next-token probabilities; not every server gives those.",),
)

requirements, build = elsewhere(CARD)
