"""The `model-adapters` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits import cli_support
from data_splits.errors import UserError
from model_adapters.named_help import NamedHelp

if TYPE_CHECKING:
    from model_adapters.check import Check
    from model_adapters.protocols import BuildContext
    from model_adapters.registry import Registry

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The models, encoders and controls that can be run.")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Name = Annotated[
    str,
    typer.Argument(help="NAME or NAME:TARGET, such as lite0, llava:/weights; KIND/NAME where two kinds share a name."),
]
Weights = Annotated[Path | None, typer.Option("--weights", help="Local copy of the weights.")]
Device = Annotated[str, typer.Option("--device", help="torch device.")]
Options = Annotated[list[str] | None, typer.Option("--model-option", help="KEY=VALUE for the adapter.")]
Split = Annotated[str, typer.Option("--split", help="Split whose prompts or images are used.")]


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="Only adapters of this kind, such as generator.")] = None,
    json: Json = False,
) -> None:
    """List every adapter of every kind: size, licence, source, and what it needs."""
    from model_adapters.listing import rows_of, table

    registries = _registries()
    if kind is not None and kind not in registries:
        raise UserError(f"--kind is one of {', '.join(registries)}, not {kind!r}.")
    rows = rows_of(registries if kind is None else {kind: registries[kind]})
    if json:
        cli_support.emit_json(rows)
        return
    for line in table(rows):
        typer.echo(line)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower-case words joined by hyphens, such as my-model.")],
    kind: Annotated[str, typer.Option("--kind", help="generator, vlm, encoder, predictor or method.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder to write to. Default: the suite's own places in a checkout.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a small working adapter and its test, and register it: then change it into yours.

    Outside a checkout, or with --output, both files go into one folder, and the lines that register the adapter in a
    package of your own are printed.

    Example:

      model-adapters new my-model --kind generator
    """
    from model_adapters.scaffold.write import checkout_root, kind_of, write_adapter

    taken = {each for names in _names().values() for each in names}
    chosen = kind_of(kind)
    written = write_adapter(name, chosen, output, checkout_root(), taken)
    if json:
        paths = {"adapter": written.adapter, "test": written.test, "registry": written.registry}
        lines = {"entry_point": written.entry_point, "test_command": written.test_command}
        cli_support.emit_json({key: value and str(value) for key, value in {**paths, **lines}.items()})
        return
    typer.echo(f"adapter   {written.adapter}\ntest      {written.test}")
    if written.registry is not None:
        typer.echo(f"registry  {written.registry}")
    else:
        typer.echo(
            f"\nTo register it, add to the pyproject.toml of your package, and install that:\n{written.entry_point}"
        )
    steps = [written.test_command, f"model-adapters check {name}", chosen.next_step.format(name=name)]
    typer.echo("\nIt works as it is. Change it into yours, then:\n" + "\n".join(f"  {step}" for step in steps))


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


@app.command(cls=NamedHelp, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A training method; `model-adapters list --kind method` names them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the artifact; the same command there goes on.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML or JSON file with the method's inputs.")] = None,
    input_: Annotated[
        list[str] | None, typer.Option("--input", help="KEY=VALUE, over what --config says; or write --KEY VALUE.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The only source of randomness.")] = 0,
    device: Device = "cpu",
    inputs: Annotated[bool, typer.Option("--inputs", help="Tell what the method asks for, and leave.")] = False,
    json: Json = False,
) -> None:
    """Run a training method. Killed at any moment, the same command goes on and ends in the same artifact.

    Example:

      model-adapters train NAME --help

      model-adapters train NAME --config inputs.toml --input steps=100 --output runs/mine

      model-adapters train capacity-control --base embedded --split phantom --peft lora --output runs/lora
    """
    from model_adapters import train_command
    from model_adapters.methods import METHODS
    from model_adapters.protocols import BuildContext

    method = METHODS.build(name, BuildContext(device=device))
    if inputs:
        train_command.tell_inputs(method, json)
        return
    flags = train_command.read_flags(context.args)
    given = {**train_command.read_config(config), **_pairs(input_, "--input"), **flags}
    train_command.train(method, given, output or Path("runs") / name, seed, json)


@app.command()
def check(
    name: Name,
    split: Split = "phantom",
    weights: Weights = None,
    device: Device = "cpu",
    model_option: Options = None,
    json: Json = False,
) -> None:
    """Check that an adapter keeps its contract: determinism, batches, seeds, shapes, resumption. Under a minute."""
    from data_splits.sources import load_split
    from model_adapters.protocols import BuildContext

    name, target, kind, registry = _resolved(name)
    if kind == "method":
        from model_adapters.check_method import check_method

        _tell(check_method(registry.targets[registry.resolve(name)]), name, json)
        return
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
    if kind == "report-writer":
        from model_adapters.check_report_writer import check_report_writer

        images = [context.split.read_image(case) for case in cases[:8]]
        return check_report_writer(lambda: registry.build(name, context), images)
    adapter = registry.build(name, context)
    if kind == "text-encoder":
        from model_adapters.check_text_encoder import check_text_encoder

        return check_text_encoder(adapter, [case.prompt for case in cases if case.prompt][:8])
    if kind == "encoder":
        return check_encoder(adapter, [context.split.read_image(case) for case in cases[:4]])
    distinct = list({case.prompt: case for case in cases}.values())[:4]
    if len(distinct) < 2 and getattr(adapter, "needs_prompt", True):
        raise UserError(f"Split {context.split.name} has fewer than two different prompts. Choose another --split.")
    chosen = distinct if len(distinct) > 1 else list(cases[:4])
    return check_generator(adapter, requests_for(chosen, 0, needs_prompt=getattr(adapter, "needs_prompt", True)))


def _registries() -> dict[str, Registry[Any]]:
    from model_adapters.encoders import ENCODERS, TEXT_ENCODERS
    from model_adapters.generators import GENERATORS
    from model_adapters.methods import METHODS
    from model_adapters.predictors import PREDICTORS
    from model_adapters.report_writers import REPORT_WRITERS
    from model_adapters.vlms import VLMS

    kinds: dict[str, Registry[Any]] = {
        "generator": GENERATORS, "encoder": ENCODERS, "predictor": PREDICTORS, "vlm": VLMS, "method": METHODS,
        "text-encoder": TEXT_ENCODERS, "report-writer": REPORT_WRITERS,
    }  # fmt: skip
    return kinds


def _names() -> dict[str, list[str]]:
    """Kind -> every name and alias."""
    return {
        kind: [*registry.names(), *(alias for each in registry.names() for alias in registry.aliases(each))]
        for kind, registry in _registries().items()
    }


def _resolved(text: str) -> tuple[str, str | None, str, Registry[Any]]:
    """(name, target, kind, registry) of NAME, NAME:TARGET, KIND/NAME (such as vlm/constant) or a VLM's folder."""
    from model_adapters.registry import split_target
    from model_adapters.vlms import VLMS, parse_vlm

    if (Path(text).expanduser() / "config.json").is_file():
        return *parse_vlm(text), "vlm", VLMS
    name, target = split_target(text)
    kind, registry = _registry_of(name)
    others = [each for each, names in _names().items() if name in names and each != kind]
    if others:
        cli_support.note(f"{name} is the {kind} here; {', '.join(f'{each}/{name}' for each in others)} is there too.")
    return name.removeprefix(f"{kind}/"), target, kind, registry


def _registry_of(name: str) -> tuple[str, Registry[Any]]:
    import difflib

    for kind, names in _names().items():
        if name in names or name.removeprefix(f"{kind}/") in names:
            return kind, _registries()[kind]
    known = dict.fromkeys(each for names in _names().values() for each in names)  # two kinds may share a name
    near = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`model-adapters list` shows them all."
    raise UserError(f"No adapter is called {name!r}. {hint}")


def _pairs(given: list[str] | None, option: str = "--model-option") -> dict[str, str]:
    pairs = {}
    for text in given or []:
        key, sign, value = text.partition("=")
        if not sign:
            raise UserError(f"{option} takes KEY=VALUE, not {text!r}.")
        pairs[key] = value
    return pairs


def main() -> None:
    """Entry point of the `model-adapters` command."""
    cli_support.run(app)


if __name__ == "__main__":
    main()
