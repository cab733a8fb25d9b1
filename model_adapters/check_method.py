"""What a training method must do for its artifacts to mean anything, checked by fitting on its made-up inputs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from data_splits.errors import UserError
from model_adapters.check import Check, other_random_state
from model_adapters.methods.artifact import artifact_faults, file_hashes
from model_adapters.methods.interrupted import build
from model_adapters.methods.run import run_method
from model_adapters.protocols import Artifact, TrainingMethod

SEED = 7

STEPS = 4
"""Fewest steps of a fit on made-up inputs: with fewer, an interruption shows little."""

SECONDS = 120.0
"""Longest time that the fit which is killed may take."""


def check_method(target: str) -> list[Check]:
    """Card, documented inputs, a sound artifact, resumption after a kill, repeatability.

    Args:
        target: "module:attribute" of the build function; a second process builds it too, to be killed.
    """
    method = build(target)
    card = method.card
    nameless = [name for name, each in method.inputs.items() if not each.help.strip()]
    checks = [
        Check("it has a model card of its kind", card.kind == "method", f"{card.name}: {card.kind}, {card.licence}"),
        Check("every input says what it is", not nameless, ", ".join(nameless or method.inputs) or "it asks for none"),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = method.made_up_inputs(folder / "inputs")
        same = method.made_up_inputs(folder / "inputs") == inputs
        checks.append(Check("its made-up inputs are always the same", same, f"{len(inputs)} made twice"))
        steps: list[int] = []
        whole = folder / "whole"
        try:
            artifact = run_method(method, inputs, whole, SEED, lambda done, total: steps.append(done))
        except UserError as error:
            return [*checks, Check("a fit leaves a sound artifact", False, str(error))]
        faults = artifact_faults(artifact, whole)
        checks.append(Check("a fit leaves a sound artifact", not faults, "; ".join(faults) or _told(artifact)))
        counted = len(steps) >= STEPS and steps == sorted(set(steps))
        checks.append(Check("it tells of each step that is safe", counted, f"{len(steps)} of at least {STEPS} steps"))
        again = run_method(method, inputs, whole, SEED, lambda done, total: steps.append(-1))
        kept = -1 not in steps and file_hashes(again.folder) == file_hashes(artifact.folder)
        checks.append(Check("a finished fit is not fitted again", kept, "run twice in one folder"))
        if counted:
            checks += _interrupted(target, method, folder, artifact, len(steps))
    return checks


def _interrupted(target: str, method: TrainingMethod, folder: Path, expected: Artifact, steps: int) -> list[Check]:
    """Kill a fit half-way in another process, go on here, and compare with the fit that nobody disturbed."""
    output = folder / "killed"
    command = [sys.executable, "-m", "model_adapters.methods.interrupted", target, str(folder / "inputs"), str(output)]
    path = os.pathsep.join(each for each in sys.path if each)
    killed = subprocess.run(
        [*command, str(SEED), str(steps // 2)], capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    if killed.returncode != -signal.SIGKILL:
        last = (killed.stderr.strip().splitlines() or ["it ended before it could be killed"])[-1]
        return [Check("it can be killed at any step", False, last)]
    further: list[int] = []
    with other_random_state():
        resumed = run_method(
            method, method.made_up_inputs(folder / "inputs"), output, SEED, lambda done, total: further.append(done)
        )
    detail = f"{len(further)} of {steps} steps were left after a kill at {steps // 2}"
    same = (
        file_hashes(resumed.folder) == file_hashes(expected.folder)
        and resumed.card == expected.card
        and resumed.record == expected.record
    )
    return [
        Check("killed, it goes on where it stopped", len(further) == steps - steps // 2, detail),
        Check("and ends in the same artifact", same, "files, card and record, under another global random state"),
    ]


def _told(artifact: Artifact) -> str:
    return f"{artifact.kind} of {len(file_hashes(artifact.folder))} files, {artifact.card.kind} card"
