"""Put trained weights into the package: the file, the facts for the card, the loss curve and the pinned hash."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import sha256_file, write_json, write_text

MOST_BYTES = 20_000_000
VLMS = Path(__file__).resolve().parents[1]
PICTURE = VLMS.parents[1] / "docs" / "images" / "embedded-vlm-loss.png"
FILE = "weights.safetensors"
HEADS = ("answer", "heads")
PARTS = ("factors", "steps", "analogy", "match", "options")
PINS = '"""sha256 of the embedded VLM\'s file: written by `embedded_training.release`, checked at load."""\n'


def facts_of(run: Path) -> dict[str, Any]:
    """What the card says, from training.json and evaluation.json of a finished run."""
    from safetensors import safe_open

    training = json.loads((run / "training.json").read_text("utf-8"))
    measured = json.loads((run / "evaluation.json").read_text("utf-8"))
    parameters = 0
    with safe_open(run / FILE, "pt") as file:
        for key in list(file.keys()):
            parameters += int(np.prod(file.get_slice(key).get_shape()))
    return {
        "parameters": parameters + 134_515_008 + 4_652_008,
        "own_parameters": parameters,
        "training_data": ["imagenet", "smollm2 corpus", "mirb-procedural seeds from 100000"]
        + (["nih-chestxray14 (shared selection, train patients)"] if training["chest"] else []),
        "notes": notes_of(training, measured),
        "training": training,
        "evaluation": measured,
    }


def notes_of(training: Mapping[str, Any], measured: Mapping[str, Any]) -> list[str]:
    """Limits and measurements, in words."""
    minutes = {stage: seconds / 60 for stage, seconds in training["seconds"].items()}
    plan, last = training["plan"], training["language"]
    won = [task for task, row in measured["tasks"].items() if row["beats_both"]]
    lost = [task for task in measured["tasks"] if task not in won]
    rows = "; ".join(
        f"{task} {row['correct']}/{row['n']} = {row['accuracy']:.3f} [{row['interval'][0]:.3f}, "
        f"{row['interval'][1]:.3f}] (chance {row['chance']:.3f}, best constant {row['majority']['accuracy']:.3f})"
        for task, row in measured["tasks"].items()
    )
    return [
        "A demonstration and a test bed, trained for the generated questions (other seeds): its score says nothing "
        "about real MIRB, and a model that was not trained on this generator has a harder task.",
        "Most of its skill is the projector's: its linear head names the likeliest of a closed list of the task's "
        "answers (chosen by the request's task), the prompt holds that as text, and SmolLM2 words the answer. For "
        "analogy and image_jigsaw the named answer is that of two small networks made for these tasks, on thumbnails.",
        f"Trained on a CPU on {training['questions']} questions ({training['images']} images) of generator seeds from "
        f"100000, and {training['small_questions']} more with thumbnails or without images: "
        f"{plan['perception_steps']} steps of {plan['perception_batch']} without the "
        f"language model ({minutes['perception']:.0f} min), {plan['comparing_steps']} steps of {plan['analogies']} "
        f"analogies and {plan['jigsaws']} jigsaws ({minutes['comparing']:.0f} min), {plan['language_steps']} steps of "
        f"{plan['language_batch']} with it ({minutes['language']:.0f} min); last mean loss of an answer token "
        f"{last['words']:.2f}.",
        f"Seed {measured['seed']}, v2 prompts, accuracy with 95 % Wilson interval: {rows}.",
        f"The interval lies above both chance and the best constant answer on: {', '.join(won) or 'none'}. "
        f"It does not on: {', '.join(lost) or 'none'}; there the answers are guesses in the right form.",
        "Never for clinical use: chest_pair is a test of the plumbing on a small selection with known shortcuts.",
    ]


def curve(run: Path, path: Path) -> None:
    """Draw loss against step for all stages (means of up to 20 steps)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 3, sharey=True)
    shown = {"perception": HEADS, "comparing": PARTS, "language": ("words",)}
    for axes, (stage, names) in zip(panels, shown.items(), strict=True):
        rows = steps_of(run / f"{stage}.jsonl")
        for name in names:
            values = np.array([row[name] for row in rows])
            window = max(1, min(20, len(values) // 12))
            kept = len(values) // window * window
            axes.plot(np.arange(window / 2, kept, window), values[:kept].reshape(-1, window).mean(1), label=name)
        axes.set_title(stage)
        axes.set_xlabel("step")
        axes.set_ylim(0, 3)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("cross-entropy")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": ""})


def steps_of(path: Path) -> list[dict[str, float]]:
    """The figures of every step in order; of a step that was repeated after a kill, the last."""
    rows = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        rows[row["step"]] = row
    return [rows[step] for step in sorted(rows)]


def release(run: Path, vlms: Path = VLMS, picture: Path = PICTURE) -> None:
    """Replace the weights in the package.

    Args:
        run: folder of a run that was trained and evaluated.
        vlms: the folder that holds `embedded_weights`. picture: where the loss curve goes.

    Raises:
        UserError: the file is larger than 20 MB, or the run was not evaluated.
    """
    for name in (FILE, "training.json", "evaluation.json"):
        if not (run / name).is_file():
            raise UserError(f"{run} holds no {name}: train and evaluate before a release.")
    size = (run / FILE).stat().st_size
    if size > MOST_BYTES:
        raise UserError(f"The weights take {size / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB may ship.")
    weights = vlms / "embedded_weights"
    weights.mkdir(exist_ok=True)
    shutil.copyfile(run / FILE, weights / FILE)
    (weights / FILE).chmod(0o644)
    write_json(weights / "facts.json", facts_of(run))
    curve(run, picture)
    pinned = f'    "{FILE}": "{sha256_file(weights / FILE)}",\n'
    write_text(vlms / "embedded_pins.py", f"{PINS}\nWEIGHT_HASHES: dict[str, str] = {{\n{pinned}}}\n")


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model_adapters.vlms.embedded_training.release", description=__doc__
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder of the training run")
    release(parser.parse_args(arguments).output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
