"""An exported graph run by onnxruntime, on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.onnx_graph import INSTALL


def open_session(graph: Path | bytes, threads: int = 1) -> Any:
    """An `InferenceSession` on the CPU.

    Raises:
        UserError: onnxruntime is not installed, or it cannot load the graph.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise UserError(f"Running a graph needs the package onnxruntime. Install the extra: {INSTALL}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        # onnxruntime has no common base class for its errors
        raise UserError(f"onnxruntime cannot load the graph: {error}") from error


def logits(session: Any, given: NDArray[Any]) -> NDArray[np.float32]:
    """float32[1, length, vocabulary] for token ids int64[1, length] or embeddings float32[1, length, width]."""
    name = session.get_inputs()[0].name
    found: NDArray[np.float32] = session.run(["logits"], {name: given})[0]
    return found
