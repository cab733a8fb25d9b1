"""`chexgenbench doctor`: the diagnosis as a table, or as JSON."""

from __future__ import annotations

from dataclasses import asdict

import typer

from chexgenbench.doctor import Lack, Patient, machine
from data_splits.cli_support import emit_json


def examine(patient: Patient, json: bool) -> None:
    """Print what each metric lacks, and each thing that is lacking once with how to get it."""
    found = list(patient.diagnoses())
    if json:
        emit_json({"machine": machine(), "metrics": [asdict(each) for each in found]})
        return
    for name, value in machine().items():
        typer.echo(f"{name:13} {value}")
    typer.echo(f"model         {patient.model}\nsplit         {patient.split}\n")
    numbers: dict[Lack, int] = {}
    for protocol, preset in dict.fromkeys((each.protocol, each.preset) for each in found):
        part = [each for each in found if (each.protocol, each.preset) == (protocol, preset)]
        ready = sum(not each.lacks for each in part)
        typer.echo(f"Protocol {protocol}, preset {preset}: {ready} of {len(part)} metrics can be computed here")
        lines: dict[tuple[str, str, tuple[Lack, ...]], list[str]] = {}
        for each in part:
            lines.setdefault((each.family, each.encoder, each.lacks), []).append(each.metric)
        for (family, encoder, lacks), names in lines.items():
            marks = " ".join(f"[{numbers.setdefault(lack, len(numbers) + 1)}]" for lack in lacks)
            state = f"lacks {marks}" if lacks else "works"
            typer.echo(f"  {family:13} {encoder or 'images':13} {state}: {', '.join(names)}")
    if numbers:
        typer.echo("\nMissing")
        for lack, number in numbers.items():
            typer.echo(f"  [{number}] {lack.where}: {lack.what}\n      {lack.how}")
