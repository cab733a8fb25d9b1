import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data_splits.errors import UserError
from model_adapters.methods.bads import instruction_source
from model_adapters.methods.bads.instruction_source import from_instructions, holds_instructions
from model_adapters.methods.bads.method import build
from model_adapters.methods.run import run_method
from model_adapters.protocols import AnswerRequest, BuildContext


class Fake:
    """Its hidden states tell whether the first image is bright; it answers "dark" of all images if left alone."""

    name, hash = "fake", "f" * 64

    def __init__(self) -> None:
        self.read: list[str] = []

    def states(self, request: AnswerRequest, answer: str) -> Any:
        self.read.append(request.case_id)
        image = next(part for part in request.parts if not isinstance(part, str))
        bright = float(image.mean() > 100)
        tokens = np.array([{"bright": 7, "dark": 3}[answer], 50], np.int64)
        rng = np.random.default_rng(len(request.case_id) + int(image.mean()))
        return (np.array([[2 * bright - 1, 1.0, 0.0], [0.0, 0.0, 5.0]]) + 0.1 * rng.normal(size=(2, 3))).astype(
            np.float32
        ), tokens

    def logits(self, states: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        return np.repeat((tokens == 3).astype(np.float32)[None], len(states), axis=0)


def written(folder: Path, name: str, start: int, count: int, wrong: int = 0) -> str:
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(start, start + count):
        bright = number % 2
        Image.fromarray(np.full((4, 4), 20 + 160 * bright + number, np.uint8)).save(folder / f"{number}.png")
        told = 1 - bright if number - start < wrong else bright
        lines.append({"id": f"q{number}", "prompt": "Bright or dark?", "answer": ("dark", "bright")[told],
                      "images": [f"{number}.png"]})  # fmt: skip
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(folder / name)


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Any]:
    return {
        "train": written(tmp_path / "data", "train.jsonl", 0, 40, wrong=12),
        "meta": written(tmp_path / "data", "meta.jsonl", 60, 10),
        "steps": 400, "thin": 4, "decay": 0.0,
    }  # fmt: skip


def test_wrong_answers_lose_their_weight_and_the_file_comes_back_weighted(
    inputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Fake()
    monkeypatch.setattr(instruction_source, "EmbeddedReader", lambda context: reader)
    artifact = run_method(build(BuildContext()), inputs | {"meta_at_most": 6}, tmp_path / "out")
    lines = [json.loads(line) for line in (artifact.folder / "instructions.jsonl").read_text().splitlines()]
    weights = np.array([line["weight"] for line in lines])
    assert [line["id"] for line in lines] == [f"q{number}" for number in range(40)]
    assert weights[:12].max() < weights[12:].min()
    assert artifact.record["budget"] == {"meta_at_most": 6} and len(reader.read) == 46
    assert artifact.record["facts"]["tokens"] == 3
    assert "Bright or dark" not in json.dumps(dict(artifact.record))
    run_method(build(BuildContext()), inputs | {"meta_at_most": 6}, tmp_path / "out")
    assert len(reader.read) == 46


def test_a_killed_reading_goes_on(inputs: dict[str, Any], tmp_path: Path) -> None:
    class Weary(Fake):
        def states(self, request: AnswerRequest, answer: str) -> Any:
            if len(self.read) == 5:
                raise KeyboardInterrupt
            return super().states(request, answer)

    specs, folder = (inputs["train"], inputs["meta"]), tmp_path / "states"
    with pytest.raises(KeyboardInterrupt):
        from_instructions(specs, ("", ""), None, 0, folder, BuildContext(), Weary())
    reader = Fake()
    source = from_instructions(specs, ("", ""), None, 0, folder, BuildContext(), reader)
    assert len(reader.read) == 45 and source.train.inputs.shape == (40, 2, 3)
    assert source.train.targets[:2].tolist() == [[1, 2], [0, 2]]


def test_questions_of_a_split_are_instructions(tmp_path: Path) -> None:
    class Short(Fake):
        def states(self, request: AnswerRequest, answer: str) -> Any:
            self.read.append(str(request.parts[-1]))
            return np.ones((2, 3), np.float32), np.array([len(answer), 50], np.int64)

    reader = Short()
    options = ("seed=1; per_task=3; tasks=attribute", "seed=2; per_task=2; tasks=attribute")
    specs = ("mirb-procedural", "mirb-procedural")
    source = from_instructions(specs, options, None, 0, tmp_path, BuildContext(), reader)
    assert (len(source.train), len(source.meta)) == (3, 2) and reader.read[0].endswith("Answer with a single word.")
    assert holds_instructions("mirb-procedural") and not holds_instructions("phantom")
    same = (options[0], options[0])
    with pytest.raises(UserError, match=r"3 group\(s\) stand in both"):
        from_instructions(specs, same, None, 0, tmp_path, BuildContext(), reader)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "a", "prompt": "p"}', "line 1: an object with id, prompt and answer"),
        ('{"id": "a", "prompt": "p", "answer": null}', "line 1: an object with id, prompt and answer"),
        ('{"id": "a", "prompt": "p", "answer": ["x"]}', "line 1: an object with id, prompt and answer"),
        ('{"id": "a", "prompt": "p", "answer": "x", "images": "none.png"}', "images is a list of paths"),
        ("\udcff", "no text in UTF-8"),
        ("no json", "line 1: an object"),
        ('{"id": "a", "prompt": "p", "answer": "x", "images": ["none.png"]}', "there is no image none.png"),
        ('{"id": "a", "prompt": "p", "answer": " "}', "has no labels"),
        ("", "has no labels"),
        ('{"id": "a", "prompt": "p", "answer": "x"}\n{"id": "a", "prompt": "p", "answer": "y"}', "stands twice"),
    ],
)
def test_bad_files_are_told(inputs: dict[str, Any], tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(line.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=message):
        from_instructions((str(path), inputs["meta"]), ("", ""), None, 0, tmp_path / "s", BuildContext(), Fake())
    with pytest.raises(UserError, match="No instructions at"):
        from_instructions(("x.jsonl", inputs["meta"]), ("", ""), None, 0, tmp_path / "s", BuildContext(), Fake())
    with pytest.raises(UserError, match="holds no instructions"):
        from_instructions(("phantom", inputs["meta"]), ("", ""), None, 0, tmp_path / "s", BuildContext(), Fake())


@pytest.mark.slow
def test_the_embedded_model_reads_as_it_answers(tmp_path: Path) -> None:
    """The state before the first token names the answer that the adapter gives."""
    from data_splits.sources import load_questions
    from model_adapters.methods.bads.instructions import of_questions
    from model_adapters.vlms.smollm2 import EOS

    reader = instruction_source.EmbeddedReader(BuildContext())
    items = of_questions(load_questions("mirb-procedural", seed=5, per_task=3, tasks="attribute")).items
    for each in items:
        [said] = reader._vlm.answer([each.request()])
        hidden, tokens = reader.states(each.request(), said.text)
        assert tokens[-1] == EOS and hidden.shape == (len(tokens), 576)
        told = reader.logits(hidden, np.arange(49152)).argmax(axis=1)
        assert told[:-1].tolist() == tokens[:-1].tolist()
