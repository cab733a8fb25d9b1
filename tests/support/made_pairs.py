"""Made-up pairs of reports, for tests of text scores."""

from __future__ import annotations

REFERENCES = [
    "The heart is mildly enlarged. No pleural effusion or pneumothorax.",
    "Large right pleural effusion with adjacent atelectasis. Central line in place.",
    "No acute cardiopulmonary findings.",
    "Possible pneumonia in the left lower lobe. The bones are intact.",
]
GENERATED = [
    "The heart is enlarged. No pleural effusion.",
    "Small right pleural effusion. There is no pneumothorax.",
    "No acute cardiopulmonary findings.",
    "Left lower lobe consolidation, pneumonia cannot be excluded.",
]
