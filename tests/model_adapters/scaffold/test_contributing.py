"""CONTRIBUTING.md, followed to the letter: its commands are read from the page and typed in a copy of the checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).parents[3]
COMMANDS = re.search(r"## Add an adapter\n.*?```bash\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout as far as adapters go: `model_adapters` (weights linked), folders of tests, pyproject.toml."""
    root = tmp_path_factory.mktemp("checkout")

    def linked(source: str, target: str) -> None:
        if source.endswith(".safetensors"):
            Path(target).symlink_to(source)
        else:
            shutil.copy(source, target)

    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "model_adapters", root / "model_adapters", copy_function=linked, ignore=unwanted)
    for folder in ("generators", "vlms", "encoders", "predictors", "methods"):
        (root / "tests" / "model_adapters" / folder).mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "tests" / "support", root / "tests" / "support", ignore=unwanted)
    return root


def typed(line: str, root: Path) -> str:
    """Run a line as a shell would: the suite's commands come from the copy, as in an environment installed from it."""
    program, *arguments = line.split()
    entry = "from {}.cli import main; main()".format(program.replace("-", "_"))
    environment = {**os.environ, "PYTHONPATH": str(root), "CHEXGENBENCH_CACHE": str(root / "cache")}
    done = subprocess.run(
        [sys.executable, *([] if program == "python" else ["-c", entry]), *arguments],
        capture_output=True, text=True, cwd=root, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def lines_of_the_page() -> list[str]:
    assert COMMANDS is not None, "the page has lost its commands"
    return COMMANDS.group(1).strip().splitlines()


def test_a_generator_from_nothing_to_its_conformance_run(copy: Path) -> None:
    new, test, check, _ = lines_of_the_page()
    said = typed(new, copy)
    assert test in said and check in said, "the command tells the page's next steps"
    assert " passed" in typed(test, copy)
    checked = typed(check, copy)
    assert checked.count("ok  ") == 7 and "FAIL" not in checked


@pytest.mark.slow
def test_and_to_its_score(copy: Path) -> None:
    """Minutes, because the features of the phantom's training images are extracted anew."""
    new, _, _, evaluate = lines_of_the_page()
    if not (copy / "model_adapters" / "generators" / "my_generator.py").exists():
        typed(new, copy)
    typed(evaluate, copy)
    record = json.loads((copy / "runs" / "my-generator" / "record.json").read_text())
    assert record["model"]["name"] == "my-generator"
    assert {each["metric"] for each in record["results"]} >= {"kid_lite0"}


@pytest.mark.parametrize("kind", ["vlm", "encoder", "predictor", "method"])
def test_the_other_kinds_pass_their_check(kind: str, copy: Path) -> None:
    typed(f"model-adapters new my-{kind} --kind {kind}", copy)
    results = json.loads(typed(f"model-adapters check my-{kind} --json", copy))
    assert len(results) > 6 and all(each["passed"] is not False for each in results)


def test_a_method_is_trained_from_the_command_line(copy: Path) -> None:
    typed("model-adapters new averager --kind method", copy)
    asked = json.loads(typed("model-adapters train averager --inputs --json", copy))
    assert asked["models"]["required"] and asked["at_most"]["budget"]
    for index in (1, 3):
        save_file({"w": np.full(4, index, np.float32)}, copy / f"{index}.safetensors")
    (copy / "inputs.toml").write_text('models = ["1.safetensors", "3.safetensors"]\nat_most = 5\n')
    command = "model-adapters train averager --config inputs.toml --output runs/average --json"
    told = json.loads(typed(command, copy))
    assert told["kind"] == "checkpoint" and told["record"]["budget"] == {"at_most": 2}
    assert load_file(copy / told["artifact"] / "model.safetensors")["w"].tolist() == [2.0] * 4
    assert json.loads(typed(command, copy)) == told
    again = "model-adapters train averager --input models=3.safetensors,3.safetensors --output runs/other --json"
    assert load_file(copy / json.loads(typed(again, copy))["artifact"] / "model.safetensors")["w"].tolist() == [3.0] * 4
