"""Put a trained pipeline into the package: its files, the facts for the card, and the pinned hashes."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file, write_json, write_text
from model_adapters.generators.embedded_training.plan import Plan

MOST_BYTES = 20_000_000
GENERATORS = Path(__file__).resolve().parents[1]
PINS = '"""sha256 of the embedded generator\'s files: written by `embedded_training.release`, checked at load."""\n'


def facts_of(run: Path) -> dict[str, Any]:
    """What the card says, from training.json and probe.json of a finished run."""
    from safetensors import safe_open

    training = json.loads((run / "training.json").read_text("utf-8"))
    measured = (run / "probe.json").exists()
    read: dict[str, Any] = json.loads((run / "probe.json").read_text("utf-8")) if measured else {}
    if read.get("held_out"):
        raise UserError("probe.json is of held-out train prompts; run the probe on test prompts before a release.")
    parameters = 0
    for path in sorted((run / "pipeline").rglob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for key in list(file.keys()):
                size = 1
                for side in file.get_slice(key).get_shape():
                    size *= side
                parameters += size
    seconds = training["seconds"]
    notes = [
        "Draws digital phantoms, not people: for tests and demonstrations, never for clinical use or as training data "
        "for a clinical model.",
        f"Trained on a CPU on {training['studies']} studies of {training['patients']} patients of phantom/train, in "
        f"{sum(seconds.values()) / 60:.0f} minutes, from random weights; the text encoder was warmed up by reading the "
        "phantom's findings out of its prompts.",
        "The autoencoder drops the detector noise of the phantom: pictures are smoother than real phantoms, which "
        "Frechet distances see.",
    ]
    for kind, rows in read.get("auroc", {}).items():
        good = [name for name, row in rows.items() if row["generated"] >= 0.8]
        listed = ", ".join(
            f"{name} {row['generated']:.2f} "
            f"[{row['interval'][0]:.2f}, {row['interval'][1]:.2f}] (real {row['real']:.2f})"
            for name, row in rows.items()
        )
        notes.append(
            f"Probe on {kind} (logistic regression fitted on real train phantoms; {read['images']} pictures of test "
            f"prompts; AUROC with 95 % interval over patients): 0.8 or better for {len(good)} labels. {listed}."
        )
    return {
        "parameters": parameters,
        "resolution": Plan().size,
        "notes": notes,
        "training": training,
        "probe": read or None,
    }


def release(run: Path, generators: Path = GENERATORS) -> None:
    """Replace the weights in the package.

    Args:
        run: folder of a finished training run.
        generators: the folder that holds `embedded_weights`.

    Raises:
        UserError: the pipeline is larger than 20 MB.
    """
    size = sum(path.stat().st_size for path in (run / "pipeline").rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise UserError(f"The pipeline takes {size / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB may ship.")
    facts = facts_of(run)
    weights = generators / "embedded_weights"
    shutil.rmtree(weights, ignore_errors=True)
    shutil.copytree(run / "pipeline", weights)
    for path in weights.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    names = sorted(path.relative_to(weights).as_posix() for path in weights.rglob("*") if path.is_file())
    write_json(weights / "facts.json", facts)
    lines = "".join(f'    "{name}": "{sha256_file(weights / name)}",\n' for name in names)
    write_text(generators / "embedded_pins.py", f"{PINS}\nWEIGHT_HASHES: dict[str, str] = {{\n{lines}}}\n")


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model_adapters.generators.embedded_training.release", description=__doc__
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder of the training run")
    release(parser.parse_args(arguments).output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
