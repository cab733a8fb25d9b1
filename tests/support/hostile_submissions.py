"""A corpus of malformed and tampered submissions: what each does, and which check must stop it with which words."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from made_submissions import CASES, DIM, Pull, drawn
from safetensors.numpy import load, save

from leaderboards.records.locate import blob_path

Tamper = Callable[[Pull], Pull]

FEATURES = "features.lite0.generated.safetensors"
REFERENCE = "features.lite0.reference.safetensors"
PRECISION = "metric.precision_lite0.safetensors"
SCRIPT = "<script>alert(1)</script>"
TAGS = (
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    "</td><svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://x.example/p)",
    "&#60;script&#62;",
    "javascript:alert(1)",
    "data:text/html,<b>",
)


@dataclass(frozen=True)
class Attack:
    """One submission. name: what it tries. rule, words: of the finding that must stop it."""

    name: str
    tamper: Tamper
    rule: str
    words: str = ""


def _set(*path: str | int, value: Any) -> Tamper:
    def change(data: dict[str, Any]) -> None:
        each: Any = data
        for part in path[:-1]:
            each = each[part]
        each[path[-1]] = value

    return lambda pull: pull.changed(change)


def _text(find: str, replace: str) -> Tamper:
    """The record's text with one place changed, hash and folder mended."""

    def tamper(pull: Pull) -> Pull:
        text = pull.record.read_text()
        assert find in text
        return pull.replaced(text.replace(find, replace, 1))

    return tamper


def _digit(pull: Pull) -> Pull:
    """A digit of the record, nothing mended."""
    text = pull.record.read_text()
    pull.record.write_text(text.replace('"run_seed":42', '"run_seed":43'))
    return pull


def _better(pull: Pull) -> Pull:
    def change(data: dict[str, Any]) -> None:
        data["results"][0]["value"] *= 0.99

    return pull.changed(change)


def _tensors(name: str, change: Callable[[dict[str, np.ndarray]], None]) -> Tamper:
    def tamper(pull: Pull) -> Pull:
        tensors = {key: value.copy() for key, value in load(pull.blob(name).read_bytes()).items()}
        change(tensors)
        return pull.with_file(name, save(tensors))

    return tamper


def _swapped(pull: Pull) -> Pull:
    """Another metric's arrays under this metric's name."""
    return pull.with_file(PRECISION, pull.blob("metric.spread_lite0.safetensors").read_bytes())


def _nan(tensors: dict[str, np.ndarray]) -> None:
    tensors["overall/raw/values"][3] = np.nan


def _header(header: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def _file(content: bytes, name: str = PRECISION) -> Tamper:
    return lambda pull: pull.with_file(name, content)


def _spoof(pull: Pull) -> Pull:
    """A number from an estimator that returns what it is given."""
    pull = _tensors("metric.spread_lite0.safetensors", lambda tensors: None)(pull)

    def change(data: dict[str, Any]) -> None:
        result = next(each for each in data["results"] if each["metric"] == "precision_lite0")
        result |= {"estimator": "scalar", "parameters": {}, "value": 1.0, "low": None, "high": None, "se": None}

    return pull.with_file(PRECISION, save({"overall/raw/value": np.array(1.0)})).changed(change)


def _at(path: str, content: bytes = b"{}") -> Tamper:
    def tamper(pull: Pull) -> Pull:
        target = pull.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return pull

    return tamper


def _link(pull: Pull) -> Pull:
    path = pull.blob(PRECISION)
    path.unlink()
    path.symlink_to("/etc/passwd")
    return pull


def _hard_link(pull: Pull) -> Pull:
    path = pull.root.parent / "elsewhere"
    os.link(pull.record, path)
    return pull


def _folder_link(pull: Pull) -> Pull:
    (pull.root / "records" / "chexgenbench" / "link").symlink_to("/", target_is_directory=True)
    return pull


def _moved(pull: Pull) -> Pull:
    target = pull.folder.replace("gamma-", "delta-")
    (pull.root / target).parent.mkdir(parents=True)
    (pull.root / pull.folder).rename(pull.root / target)
    return Pull(pull.base, pull.root, target)


def _executable(pull: Pull) -> Pull:
    pull.record.chmod(0o755)
    return pull


def _without_hash(pull: Pull) -> Pull:
    pull.record.with_name("record.sha256").unlink()
    return pull


def _renamed_model(pull: Pull) -> Pull:
    """Another model's record and arrays under a new name."""
    other = next(pull.base.glob("records/*/*/*/alpha-*/*/record.json"))
    data = json.loads(other.read_text())
    data["model"]["name"] = "omega"
    for name, digest in pull.data()["statistics"].items():
        path = pull.root / blob_path(digest)
        if not (pull.base / blob_path(digest)).exists():
            path.unlink()
        assert name
    return pull.replaced(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _stolen_features(pull: Pull) -> Pull:
    """Another model's features under an invented samples hash, hidden by invisible noise."""
    noise = 1e-5 * np.random.default_rng(9).normal(size=(CASES, DIM))
    return pull.with_file(FEATURES, save({"features": np.abs(drawn(1) + noise).astype(np.float32)}))


def _other_reference(pull: Pull) -> Pull:
    """The generated features in the place of the real ones: a perfect score."""
    return pull.with_file(REFERENCE, pull.blob(FEATURES).read_bytes())


def _payload(pull: Pull) -> Pull:
    digest = hashlib.sha256(b"payload").hexdigest()
    return _at(str(blob_path(digest)), b"payload")(pull)


def _duplicate_header(pull: Pull) -> Pull:
    entry = '"overall/raw/x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}'
    text = f"{{{entry},{entry}}}".encode()
    return pull.with_file(PRECISION, len(text).to_bytes(8, "little") + text + bytes(8))


_ENTRY = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
_DEEP = '"settings":' + '{"a":' * 40 + "1" + "}" * 40

ATTACKS: tuple[Attack, ...] = (
    # numbers
    Attack("a digit changed", _digit, "hash", "does not hold the hash"),
    Attack("a better number, hash and path mended", _better, "recomputation", "fid_lite0"),
    Attack("an estimator that returns what it is given", _spoof, "questions", "estimator is scalar"),
    Attack("another seed of the interval", _set("results", 1, "parameters", "seed", value=1), "questions", "seed"),
    Attack("a costly parameter", _set("results", 1, "parameters", "replicates", value=10**12), "cost", "replicates"),
    Attack("a rate above one", _set("results", 1, "value", value=1.7), "schema", "precision_lite0"),
    Attack("direction turned", _set("results", 1, "direction", value="lower"), "questions", "direction"),
    Attack("more images claimed", _set("results", 1, "n_generated", value=6000), "questions", "n_generated"),
    Attack("a bad metric left out", lambda p: p.changed(lambda d: d["results"].pop(3)), "questions", "reid"),
    Attack("swapped statistics", _swapped, "recomputation", "precision_lite0"),
    Attack("statistics of another hash", _text('"metric.fid_lite0.safetensors":"', '"metric.fid_lite0.safetensors":"0'),
           "statistics", "sha256"),
    Attack("NaN in the JSON", _text('"level":0.95', '"level":NaN'), "schema", "NaN"),
    Attack("infinity in the JSON", _text('"level":0.95', '"level":1e999'), "schema", "not finite"),
    Attack("negative count", _set("results", 0, "n_generated", value=-1), "schema", "n_generated"),
    Attack("negative unreadable", _set("n_unreadable", value=-1), "counts", "n_unreadable"),
    Attack("negative cases", _set("split", "counts", value={"test": {"images": -60}}), "counts", "no count"),
    Attack("count beyond reason", _set("split", "cases", value=10**15), "counts", "no count"),
    Attack("a number as text", _text('"level":0.95', '"level":"0.95"'), "canonical", "canonical"),
    Attack("integer of 5000 digits", _text('"run_seed":42', '"run_seed":' + "4" * 5000), "schema", "digits"),
    # identity
    Attack("wrong samples hash", _set("samples_hash", value="../x"), "identity", "samples_hash"),
    Attack("wrong protocol hash", _set("protocol_hash", value="00" * 32), "protocol", "no public record"),
    Attack("unknown split", _set("split", "hash", value="00" * 32), "split", "no public record"),
    Attack("split made public", _set("split", "credentialed", value="no"), "identity", "credentialed"),
    Attack("other counts for a known split", _set("split", "counts", value={"test": {"images": 1, "patients": 1}}),
           "split", "counts"),
    Attack("another encoder under a known name", _set("encoders", 0, "fingerprint", value="66" * 32), "encoder",
           "fingerprint"),
    Attack("another model's record renamed", _renamed_model, "duplicate", "alpha"),
    Attack("another model's features with noise", _stolen_features, "duplicate", "alpha"),
    Attack("the real side replaced", _other_reference, "questions", "real images"),
    # arrays
    Attack("NaN in an array", _tensors(PRECISION, _nan), "arrays", "NaN or infinity"),
    Attack("infinite features", _tensors(FEATURES, lambda t: t["features"].__setitem__((0, 0), np.inf)), "arrays",
           "NaN or infinity"),
    Attack("features of another size", _file(save({"features": np.ones((CASES, 3), np.float32)}), FEATURES),
           "arrays|features", "columns|arrays"),
    Attack("features no network makes", _file(save({"features": 1e6 * drawn(3)}), FEATURES), "features",
           "times as long"),
    Attack("negative features", _file(save({"features": -drawn(3)}), FEATURES), "features", "negative"),
    Attack("too few features", _file(save({"features": drawn(3)[:10]}), FEATURES), "arrays", "selects a row"),
    Attack("patients dealt anew", _tensors(PRECISION, lambda t: t.update({"overall/raw/cluster": np.arange(CASES)})),
           "questions", "cluster"),
    Attack("an array that nobody uses", _tensors(PRECISION, lambda t: t.update({"x/raw/payload": np.ones(9)})),
           "arrays", "no result uses"),
    Attack("half precision", _file(save({"overall/raw/values": np.ones(3, np.float16)})), "statistics", "arrays of"),
    # files
    Attack("header of terabytes", _file((2**42).to_bytes(8, "little") + b"{}"), "statistics", "header"),
    Attack("array of terabytes", _file(_header({"overall/raw/values": _ENTRY | {"shape": [2**40]}}, bytes(16))),
           "statistics", "its shape needs"),
    Attack("shape that overflows", _file(_header({"overall/raw/x": _ENTRY | {"shape": [2**62, 2**62]}}, bytes(16))),
           "statistics", "needs"),
    Attack("negative shape", _file(_header({"overall/raw/values": _ENTRY | {"shape": [-2]}}, bytes(16))), "statistics",
           "no shape"),
    Attack("overlapping arrays", _file(_header({"a/raw/x": _ENTRY, "a/raw/y": _ENTRY}, bytes(16))), "statistics",
           "overlap"),
    Attack("bytes after the arrays", _file(_header({"overall/raw/values": _ENTRY}, bytes(16) + b"payload")),
           "statistics", "longer"),
    Attack("text in the header", _file(_header({"__metadata__": {"x": SCRIPT}, "a/raw/x": _ENTRY}, bytes(16))),
           "statistics", "arrays of"),
    Attack("the same array twice", _duplicate_header, "statistics", "twice"),
    Attack("deep header", _file((100_000).to_bytes(8, "little") + b"[" * 100_000), "statistics", "header"),
    Attack("zip bomb", _file(gzip.compress(bytes(10**6))), "statistics", "header"),
    Attack("a pickle", _file(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR."), "statistics", "header"),
    Attack("empty file", _file(b""), "statistics", "header"),
    # JSON
    Attack("deep JSON", lambda p: p.replaced("[" * 100_000), "schema", "nested deeper"),
    Attack("deep settings", lambda p: p.replaced(p.record.read_text().replace('"settings":{"steps":20}', _DEEP)),
           "schema", "nested deeper"),
    Attack("a key twice", _text('"run_seed":42', '"run_seed":42,"run_seed":43'), "schema", "twice"),
    Attack("an unknown field", _text('"run_seed":42', '"html":"x","run_seed":42'), "schema", "html"),
    Attack("half a surrogate", _text('"CC0"', '"\\ud800"'), "schema", "surrogate"),
    Attack("no JSON", lambda p: p.replaced(b"\xff\xfe\x00"), "schema", "record.json"),
    Attack("no object", lambda p: p.replaced("[]"), "schema", "record"),
    Attack("spaces for another hash", lambda p: p.replaced(p.record.read_text() + "\n"), "canonical", "canonical"),
    # paths
    Attack("a path that the record does not give", _moved, "path", "should lie at"),
    Attack("code beside the results", _at("records/x.py", b"print(1)"), "path", "is no path"),
    Attack("a test configuration", _at("conftest.py", b"raise SystemExit"), "path", "is no path"),
    Attack("git attributes", _at(".gitattributes", b"* filter=x"), "path", "is no path"),
    Attack("its own tier", _at("ledger.json", b'{"a":{}}'), "changed", "changes a file"),
    Attack("text-direction override", _at("records/\u202egnp.json"), "path", "is no path"),
    Attack("a letter of another alphabet", _at("records/chexgenbench/m\u0430de/record.json"), "path", "is no path"),
    Attack("a line break in a name", _at("statistics/x\n::error::owned"), "path", "is no path"),
    Attack("dots in the path", _at("records/mirb/..x/..y/..z/..w/0000000000000000/record.json"), "path", "is no"),
    Attack("deep folders", _at("/".join(["a"] * 12) + "/x"), "path", "deeper"),
    Attack("statistics of no record", _payload, "statistics", "named by no new record"),
    Attack("a statistics path in a name", _text('"metric.fid_lite0.safetensors":', '"../../x.safetensors":'),
           "text|statistics", "name of a statistics|field name"),
    Attack("a reference that leaves the folder", _set("results", 0, "statistics", value="../../etc#overall/raw"),
           "statistics", "refers"),
    Attack("a link to a file", _link, "link", "symbolic link"),
    Attack("a link to a folder", _folder_link, "link", "symbolic link"),
    Attack("a hard link", _hard_link, "link", "hard link"),
    Attack("an executable", _executable, "link", "executable"),
    Attack("no hash file", _without_hash, "path", "lacks record.sha256"),
    # privacy
    Attack("a path of the machine", _set("model", "source", value="images:/home/someone/data"), "text", "your machine"),
    # names
    Attack("homoglyph in the name", _set("model", "name", value="s\u0430na"), "text", "name"),
    Attack("right-to-left name", _set("model", "name", value="\u202eanas"), "text", "invisible"),
    Attack("NUL in the name", _set("model", "name", value="sana\x00"), "text", "invisible"),
    Attack("escape codes in the name", _set("model", "name", value="\x1b[2Jsana"), "text", "invisible"),
    Attack("a formula as name", _set("model", "name", value="=HYPERLINK(1)"), "text", "name|formula"),
    Attack("a formula as licence", _set("model", "licence", value="@SUM(A1)"), "text", "formula"),
    Attack("an endless text", _set("model", "notes", value=["x" * 3000]), "text", "characters"),
    Attack("nested settings", _set("model", "settings", value={"a": {"b": {"c": {"d": {"e": 1}}}}}), "text", "nested"),
)  # fmt: skip

TEXT_FIELDS: tuple[tuple[str | int, ...], ...] = (
    ("protocol",), ("split", "name"), ("split", "version"), ("split", "subset"), ("split", "licence"),
    ("model", "name"), ("model", "source"), ("model", "licence"), ("model", "revision"), ("model", "notes"),
    ("model", "training_data"), ("model", "settings"), ("encoders", 0, "name"), ("encoders", 0, "source"),
    ("results", 0, "metric"), ("results", 0, "group"), ("results", 0, "estimator"), ("results", 0, "method"),
    ("results", 0, "unit"), ("results", 0, "interval_reason"), ("results", 3, "reason"), ("results", 0, "statistics"),
    ("warnings",),
)  # fmt: skip
"""Every text field of a record; a list takes the text as its only item, a mapping as a value."""


def marked_up(pull: Pull, path: tuple[str | int, ...], text: str) -> Pull:
    """The pull request with `text` in a field of its record."""
    each: Any = pull.data()
    for part in path:
        each = each[part]
    value: Any = [text] if isinstance(each, list) else {"x": text} if isinstance(each, dict) else text
    return _set(*path, value=value)(pull)
