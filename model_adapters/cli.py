"""The `model-adapters` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits import cli_support
from data_splits.errors import UserError

if TYPE_CHECKING:
    from model_adapters.check import Check
    from model_adapters.protocols import BuildContext
    from model_adapters.registry import Registry

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The models, encoders and controls that can be run.")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Name = Annotated[str, typer.Argument(help="NAME or NAME:TARGET, for example lite0, sana:/weights, llava:/weights.")]
Weights = Annotated[Path | None, typer.Option("--weights", help="Local copy of the weights.")]
Device = Annotated[str, typer.Option("--device", help="torch device.")]
Options = Annotated[list[str] | None, typer.Option("--model-option", help="KEY=VALUE for the adapter.")]
Split = Annotated[str, typer.Option("--split", help="Split whose prompts or images are used.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List every adapter: what it is, where it comes from, under which licence."""
    rows = []
    for kind, registry in _registries().items():
        for name in registry.names():
            try:
                card = registry.card(name)
            except UserError as error:
                rows.append({"kind": kind, "name": name, "source": "", "licence": "", "needs": [str(error)]})
                continue
            rows.append(
                {"kind": kind, "name": name, "source": card.source, "licence": card.licence, "needs": list(card.needs)}
            )
    if json:
        cli_support.emit_json(rows)
        return
    width = max(len(str(row["name"])) for row in rows)
    for kind in dict.fromkeys(str(row["kind"]) for row in rows):
        typer.echo(f"{kind}s")
        for row in rows:
            if row["kind"] == kind:
                typer.echo(f"  {row['name']:{width}}  {row['source']}  [{row['licence']}]")
    typer.echo("\n`model-adapters show NAME` tells the rest: options, needs, limits.")


@app.command()
def show(name: Name, weights: Weights = None, device: Device = "cpu", json: Json = False) -> None:
    """Show an adapter's card and options, and what this machine lacks to run it."""
    from model_adapters.protocols import BuildContext

    name, target, kind, registry = _resolved(name)
    card, options = registry.card(name), registry.options(name)
    try:
        missing = registry.requirements(name, BuildContext(target=target, weights=weights, device=device))
        lacks = [f"{each.what}: {each.how}" for each in missing]
    except UserError as error:
        lacks = [str(error)]
    if json:
        cli_support.emit_json({"card": card.model_dump(mode="json"), "options": options, "missing_here": lacks})
        return
    typer.echo(f"{card.name} ({kind})")
    facts = card.model_dump(mode="json", exclude={"name", "kind", "notes", "weight_hashes"}, exclude_none=True)
    for key, value in facts.items():
        if value not in ([], {}):
            text = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
            typer.echo(f"  {key:14}{', '.join(map(str, text)) if isinstance(text, list) else text}")
    for key, default in options.items():
        typer.echo(f"  --model-option {key}=... (default {default!r})")
    for note in card.notes:
        typer.echo(f"  note: {note}")
    typer.echo("  missing here: " + ("nothing" if not lacks else "; ".join(lacks)))


@app.command()
def check(
    name: Name,
    split: Split = "phantom",
    weights: Weights = None,
    device: Device = "cpu",
    model_option: Options = None,
    json: Json = False,
) -> None:
    """Check that an adapter keeps its contract: determinism, batches, seeds, shapes. Takes a handful of images."""
    from data_splits.sources import load_split
    from model_adapters.protocols import BuildContext

    name, target, kind, registry = _resolved(name)
    if kind == "vlm":
        context = BuildContext(target=target, device=device, weights=weights, options=_pairs(model_option))
        _tell(_checked_vlm(registry, name, context), name, json)
        return
    loaded = load_split(split)
    context = BuildContext(
        target=target, split=loaded, subset=loaded.evaluation, device=device, weights=weights,
        options=_pairs(model_option),
    )  # fmt: skip
    _tell(_checked(kind, registry, name, context), name, json)


def _tell(results: list[Check], name: str, json: bool) -> None:
    failed = [each for each in results if each.passed is False]
    if json:
        cli_support.emit_json([{"name": each.name, "passed": each.passed, "detail": each.detail} for each in results])
    else:
        signs = {True: "ok  ", False: "FAIL", None: "note"}
        for each in results:
            typer.echo(f"{signs[each.passed]}  {each.name} ({each.detail})")
    if failed:
        raise UserError(
            f"{len(failed)} of {len(results)} checks failed for {name}: {'; '.join(x.name for x in failed)}."
        )


def _checked_vlm(registry: Registry[Any], name: str, context: BuildContext) -> list[Check]:
    from model_adapters.check_vlm import check_vlm, made_up_split

    adapter = registry.build(name, replace(context, questions=made_up_split()))
    return check_vlm(adapter, looks=adapter.card.parameters != 0)


def _checked(kind: str, registry: Registry[Any], name: str, context: BuildContext) -> list[Check]:
    from model_adapters.check import check_encoder, check_generator
    from model_adapters.inference.generate import requests_for

    assert context.split is not None
    cases = context.split.cases(context.subset)
    if kind == "predictor":
        from model_adapters.check_predictor import check_predictor

        images = [context.split.read_image(case) for case in cases[:24]]
        return check_predictor(lambda folder: registry.build(name, replace(context, target=folder)), images)
    adapter = registry.build(name, context)
    if kind == "encoder":
        return check_encoder(adapter, [context.split.read_image(case) for case in cases[:4]])
    distinct = list({case.prompt: case for case in cases}.values())[:4]
    if len(distinct) < 2 and getattr(adapter, "needs_prompt", True):
        raise UserError(f"Split {context.split.name} has fewer than two different prompts. Choose another --split.")
    chosen = distinct if len(distinct) > 1 else list(cases[:4])
    return check_generator(adapter, requests_for(chosen, 0, needs_prompt=getattr(adapter, "needs_prompt", True)))


def _registries() -> dict[str, Registry[Any]]:
    from model_adapters.encoders import ENCODERS
    from model_adapters.generators import GENERATORS
    from model_adapters.predictors import PREDICTORS
    from model_adapters.vlms import VLMS

    return {"generator": GENERATORS, "encoder": ENCODERS, "predictor": PREDICTORS, "vlm": VLMS}


def _resolved(text: str) -> tuple[str, str | None, str, Registry[Any]]:
    """(name, target, kind, registry) of NAME, NAME:TARGET, KIND/NAME (such as vlm/constant) or a VLM's folder."""
    from model_adapters.registry import split_target
    from model_adapters.vlms import VLMS, parse_vlm

    if (Path(text).expanduser() / "config.json").is_file():
        return *parse_vlm(text), "vlm", VLMS
    name, target = split_target(text)
    kind, registry = _registry_of(name)
    return name.removeprefix(f"{kind}/"), target, kind, registry


def _registry_of(name: str) -> tuple[str, Registry[Any]]:
    import difflib

    known: list[str] = []
    for kind, registry in _registries().items():
        names = [*registry.names(), *(alias for each in registry.names() for alias in registry.aliases(each))]
        if name in names or name.removeprefix(f"{kind}/") in names:
            return kind, registry
        known += names
    near = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`model-adapters list` shows them all."
    raise UserError(f"No adapter is called {name!r}. {hint}")


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        key, sign, value = text.partition("=")
        if not sign:
            raise UserError(f"--model-option takes KEY=VALUE, not {text!r}.")
        pairs[key] = value
    return pairs


def main() -> None:
    """Entry point of the `model-adapters` command."""
    cli_support.run(app)


if __name__ == "__main__":
    main()
