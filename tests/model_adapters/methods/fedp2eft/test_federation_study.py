"""Benchmarks of federations: rounds that arms share change nothing, and clients of catalogues share no message."""

from __future__ import annotations

import gettext
import json
import struct
from pathlib import Path

import pytest
from safetensors.torch import load_file

from benchmarks._catalogues import Cut, as_bytes, messages, write_clients
from benchmarks._federation_study import Found, run_arms
from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.method import FedP2eft
from model_adapters.methods.run import run_method


def test_shared_rounds_end_in_the_bytes_of_rounds_of_ones_own(tmp_path: Path) -> None:
    arms = ("uniform-lora", "fedl2p", "fedp2eft", "rank-only")
    given = FedP2eft().made_up_inputs(tmp_path / "in")
    given |= {"base_trainer": "fedavg", "base_rounds": 1, "base_rate": 1e-2, "rate": 1e-2}
    found: Found = {arm: [] for arm in arms}
    run_arms(arms, given, tmp_path / "shared", 1, found, {"fedl2p": {"rounds": 1}})
    for arm in arms:
        own = {**given, "arm": arm, **({"rounds": 1} if arm == "fedl2p" else {})}
        alone = run_method(FedP2eft(), own, tmp_path / "alone" / arm, 1)
        assert found[arm][0][1] == alone.record
    ledger = json.loads((tmp_path / "shared" / "rounds.json").read_text())
    assert [ledger[f"{name}.safetensors"][0] for name in ("base-rounds", "rounds")] == ["uniform-lora", "fedp2eft"]
    spared = {arm: tmp_path / "shared" / arm / "work" / "spared.json" for arm in arms}
    assert [arm for arm in arms if spared[arm].is_file()] == ["fedl2p", "fedp2eft", "rank-only"]
    assert json.loads(spared["rank-only"].read_text())["seconds"] == ledger["rounds.safetensors"][1]


def catalogue(path: Path, found: dict[str, str]) -> None:
    """A compiled catalogue as gettext reads it."""
    pairs = [("", "Content-Type: text/plain; charset=UTF-8\n"), *sorted(found.items())]
    sides = [[pair[side].encode() for pair in pairs] for side in (0, 1)]
    start, tables, text = 28 + 16 * len(pairs), [b"", b""], b""
    for side, texts in enumerate(sides):
        for each in texts:
            tables[side] += struct.pack("<2I", len(each), start + len(text))
            text += each + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + tables[0] + tables[1] + text)


def test_messages_are_those_of_gettext(tmp_path: Path) -> None:
    found = {"one": "eins", "two\0twos": "zwei\0zweien", "Zoe": "Zoë"}
    catalogue(tmp_path / "de.mo", found)
    with (tmp_path / "de.mo").open("rb") as stream:
        known = gettext.GNUTranslations(stream)
    assert sorted(messages(tmp_path / "de.mo")) == sorted([known.gettext("one"), "zwei", known.gettext("Zoe")])
    with pytest.raises(UserError, match="--catalogues"):
        messages(tmp_path / "fr.mo")


def test_no_message_is_in_two_places(tmp_path: Path) -> None:
    """Every message has a byte of its own, so bytes tell where it went."""
    for language, first in (("de", 33), ("it", 33)):
        found = {f"{number:03}": chr(first + number) for number in range(80)}
        catalogue(tmp_path / "conf" / "locale" / language / "LC_MESSAGES" / "django.mo", found)
    cut = Cut(("de",), ("it",), a_language=2, length=4, train=3, test=5)
    seen, unseen = write_clients(tmp_path / "clients", tmp_path, cut, as_bytes, seed=0)
    assert [Path(path).stem for path in (*seen, *unseen)] == ["de-0", "de-1", "it-0", "it-1"]
    parts = []
    for path in (*seen, unseen[0]):
        tensors = load_file(path)
        assert tensors["train.inputs"].shape == (3, 4) and tensors["test.inputs"].shape == (5, 4)
        parts += [set(tensors[f"{part}.inputs"].flatten().tolist()) - {10} for part in ("train", "test")]
    assert sum(len(part) for part in parts) == len(set().union(*parts)) > 0
