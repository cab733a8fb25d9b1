"""Size, time and memory of a language model in integers against itself in float, run by onnxruntime on one core.

Speed does not depend on how well a model was quantised, so it is rounded to nearest here. Run as
`python -m benchmarks.mobilequant --model smollm2 --length 128` (needs the extra quant; 4 GB of memory for SmolLM2).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._timing import Cost, alone, machine, one_core
from model_adapters.methods.mobilequant.sites import Bits

SCHEMES = {"float32": None, "W8A8": Bits(8, 8), "W4A8": Bits(4, 8), "W8A16": Bits(8, 16)}


def write_graph(model: str, scheme: str, length: int, path: str) -> Callable[[], int]:
    """Work: quantise by two calibration sequences and export. Gives the bytes of the projections' weights."""
    from model_adapters.methods.mobilequant.modules import Projection, Site
    from model_adapters.methods.mobilequant.network import convert, freeze, parts
    from model_adapters.methods.mobilequant.onnx_graph import build_graph
    from model_adapters.methods.mobilequant.sources import open_source
    from model_adapters.methods.mobilequant.stages import observe
    from model_adapters.methods.mobilequant.texts import read_data

    def work() -> int:
        source = open_source(model)
        bits = SCHEMES[scheme]
        items = read_data(None, source, 2, length, 1, 0).calibration
        convert(source.model, bits or Bits())
        if bits is not None:
            observe(source.model, items)
            for _, part in parts(source.model):
                if isinstance(part, Site):
                    part.settle()
            freeze(source.model)
        graph = build_graph(source.model, length, quantised=bits is not None)
        Path(path).write_bytes(graph.SerializeToString())
        count = sum(part.weight.numel() for _, part in parts(source.model) if isinstance(part, Projection))
        return count * (bits.weights if bits else 32) // 8

    return work


def load_and_run(path: str, length: int, repeats: int) -> Callable[[], None]:
    """Work: open a session and run a sequence some times; memory is that of the session."""
    import numpy as np

    from model_adapters.methods.mobilequant import onnx_run

    ids = np.arange(length, dtype=np.int64)[None] % 40 + 3

    def work() -> None:
        session = onnx_run.open_session(Path(path))
        for _ in range(repeats):
            onnx_run.logits(session, ids)

    return work


def run_only(path: str, length: int, repeats: int) -> Callable[[], None]:
    """Work: run a sequence some times in a session that is open and warm."""
    import numpy as np

    from model_adapters.methods.mobilequant import onnx_run

    ids = np.arange(length, dtype=np.int64)[None] % 40 + 3
    session = onnx_run.open_session(Path(path))
    onnx_run.logits(session, ids)

    def work() -> None:
        for _ in range(repeats):
            onnx_run.logits(session, ids)

    return work


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description="A language model in integers against itself in float.")
    parser.add_argument(
        "--model", default="smollm2", help="smollm2, or a folder of a Llama checkpoint with a tokenizer"
    )
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--schemes", default=",".join(SCHEMES))
    given = parser.parse_args()
    one_core()
    print(machine("torch", "transformers"))
    print(
        "| | projections, MB | graph, MB | seconds of processor a sequence | peak memory, MiB |\n|---|---|---|---|---|"
    )
    first: tuple[Any, ...] | None = None
    with tempfile.TemporaryDirectory() as folder:
        for scheme in given.schemes.split(","):
            path = str(Path(folder) / f"{scheme}.onnx")
            weights, _ = alone(write_graph, given.model, scheme, given.length, path)
            _, loaded = alone(load_and_run, path, given.length, 1)
            cost: Cost = alone(run_only, path, given.length, given.repeats)[1]
            row = (weights / 1e6, Path(path).stat().st_size / 1e6, cost.cpu / given.repeats, loaded.peak)
            first = first or row
            cells = [f"{value:.3g} ({value / base:.2f}x)" for value, base in zip(row, first, strict=True)]
            print(f"| {scheme} | {' | '.join(cells)} |", flush=True)
            Path(path).unlink()


if __name__ == "__main__":
    main()
