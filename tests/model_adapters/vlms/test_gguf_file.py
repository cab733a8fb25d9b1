"""The GGUF header, against the reader of the gguf package on a file that its writer made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter

from data_splits.errors import UserError
from model_adapters.vlms.gguf_file import read_header


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "small.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(3)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_bool("a.flag", True)
    writer.add_token_list(["a", "Ġbé", "漢字", ""])
    writer.add_token_types([1, 3, 1, 1])
    writer.add_tensor("first", np.arange(12, dtype=np.float32).reshape(3, 4))
    writer.add_tensor("second", np.arange(5, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_fields_are_those_of_the_gguf_package(written: Path) -> None:
    header, reader = read_header(written), GGUFReader(written)
    assert header.fields["tokenizer.ggml.tokens"] == ["a", "Ġbé", "漢字", ""]
    own = {name for name in reader.fields if not name.startswith("GGUF.")}
    assert set(header.fields) == own
    for name in own:
        assert header.fields[name] == reader.fields[name].contents(), name


def test_tensors_lie_where_the_header_says(written: Path) -> None:
    header, data = read_header(written), written.read_bytes()
    assert [(each.name, each.shape) for each in header.tensors] == [("first", (3, 4)), ("second", (5,))]
    for each, known in zip(header.tensors, GGUFReader(written).tensors, strict=True):
        assert each.start == known.data_offset
        assert each.kind == int(known.tensor_type)
    second = header.tensors[1]
    assert np.frombuffer(data, np.float32, 5, second.start).tolist() == [0, 1, 2, 3, 4]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGML" + bytes(100))
    with pytest.raises(UserError, match="not a GGUF file"):
        read_header(path)
