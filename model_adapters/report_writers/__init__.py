"""Report writers by name: what utility metrics train on images and their reports. Importing this imports no adapter."""

from __future__ import annotations

from model_adapters.registry import Registry
from model_adapters.report_writers.base import ReportWriter

_HERE = "model_adapters.report_writers"

REPORT_WRITERS: Registry[ReportWriter] = Registry(
    kind="report writer",
    group="model_adapters.report_writers",
    entries={
        "nearest-report": f"{_HERE}.nearest_report:build",
        "vlm-lora": f"{_HERE}.vlm_lora:build",
    },
    aliases={"nearest": "nearest-report", "lora": "vlm-lora"},
)
