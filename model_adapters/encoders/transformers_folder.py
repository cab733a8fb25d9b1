"""Checkpoints in `save_pretrained` folders: safetensors only, no network, no remote code, every weight from disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_splits.errors import UserError


def load_pretrained(kind: Any, folder: Path, what: str, ignore: tuple[str, ...] = ()) -> Any:
    """A transformers model in float32, ready for evaluation.

    Args:
        kind: the model class (or Auto class).
        folder: holds config.json and model.safetensors.
        what: names the model in messages.
        ignore: beginnings of weight names that may be absent, because nothing here reads them.

    Raises:
        UserError: the folder cannot be read, or lacks weights (transformers would leave them random with a warning).
    """
    import torch

    try:
        with quiet_transformers():
            network, info = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{folder.name} does not load as {what} ({reason}).") from error
    absent = sorted(info["missing_keys"]) + sorted(str(key) for key in info.get("mismatched_keys", ()))
    absent = [key for key in absent if not key.startswith(ignore)] if ignore else absent
    if absent:
        raise UserError(f"{folder.name} is not a complete {what}: it lacks {absent[0]!r} ({len(absent)} such in all).")
    return network.eval()


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bar or warning on the user's screen while loading; what matters is checked and raised."""
    from transformers.utils import logging

    bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
