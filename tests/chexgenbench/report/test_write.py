"""The page: complete, self-contained, escaped, deterministic, and silent about credentialed images."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import made_up_record
import pytest

from chexgenbench.report import ImagePair, write_report
from leaderboards.records.io import write_record

EVIL = "<script>alert('xss')</script>\"'><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Elements and visible text of a page."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., str]:
    def write(
        images: Any = None, show: bool = False, folder: str = "run", suspicious: Any = None, **changes: Any
    ) -> str:
        run_folder = tmp_path / folder
        write_record(run_folder, made_up_record.record(**changes))
        (run_folder / "config.json").write_text(json.dumps(made_up_record.CONFIG))
        (run_folder / "run.json").write_text(json.dumps(made_up_record.RUN))
        return write_report(run_folder, images, suspicious, show_credentialed=show).read_text("utf-8")

    return write


def pictures(caption: str = "Frontal radiograph with edema.") -> Callable[[int], Sequence[ImagePair]]:
    thorax = made_up_record.thorax
    return lambda n: [ImagePair(thorax(2 * i), thorax(2 * i + 1), f"{caption} {i}") for i in range(n)]


def test_the_page_shows_what_was_measured(make: Callable[..., str]) -> None:
    page = Page(make(pictures()))
    assert page.open == []
    record = made_up_record.record()
    for metric in made_up_record.METRICS:
        assert metric in page.text
    for group in made_up_record.PATHOLOGIES:
        assert group in page.text
    for words in (
        "0.0321",
        "0.0299 to 0.0343",
        "Female",
        "View AP",
        "Age <40",
        "at least 20 are needed",
        "Frontal radiograph",
    ):
        assert words in page.text or any(words in str(value) for _, each in page.tags for value in each.values()), words
    for text in (*record.warnings, *record.not_applicable.values(), record.split["licence"], record.samples_hash):
        assert text in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 24
    assert sum(tag == "svg" for tag, _ in page.tags) >= 7
    assert "chexgenbench eval --model sana --split nih-chestxray14:PATH --protocol v2 --preset quick" in page.text


def test_the_page_fetches_nothing(make: Callable[..., str]) -> None:
    page = Page(make(pictures()))
    for tag, attributes in page.tags:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            target = attributes.get(name)
            if target is not None:
                assert target.startswith(("data:", "#")) or target in ("record.json", "results.csv"), (tag, target[:80])
        assert tag not in ("link", "iframe", "object", "embed", "form", "base")
    policy = next(each["content"] for tag, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and "default-src 'none'" in policy and "script-src 'sha256-" in policy


def test_the_policy_allows_the_script_that_is_there(make: Callable[..., str]) -> None:
    import base64
    import hashlib

    text = make()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_every_text_is_escaped(make: Callable[..., str]) -> None:
    base = made_up_record.record()
    results = [
        result.model_copy(
            update={
                "group": f"pathology={EVIL}" if result.group == "pathology=Edema" else result.group,
                "metric": result.metric,
                "method": EVIL,
                "unit": EVIL,
                "reason": result.reason and EVIL,
                "interval_reason": result.interval_reason and EVIL,
            }
        )
        for result in base.results
    ]
    results.append(results[0].model_copy(update={"metric": EVIL, "extra": {EVIL: 1.0}}))
    encoder = base.encoders[0].model_copy(
        update={"source": EVIL, "fingerprint": EVIL, "settings": {EVIL: EVIL}, "weight_hashes": {EVIL: EVIL}}
    )
    text = make(
        pictures(EVIL),
        model={"name": EVIL, "notes": [EVIL], "settings": {EVIL: EVIL}, EVIL: EVIL},
        split=base.split | {"name": EVIL, "licence": EVIL, "subset": EVIL, "version": EVIL, "hash": EVIL},
        protocol=EVIL,
        protocol_hash=EVIL,
        samples_hash=EVIL,
        encoders=[encoder, encoder.model_copy(update={"name": EVIL})],
        results=results,
        warnings=[EVIL],
        not_applicable={EVIL: EVIL},
    )
    page = Page(text)
    assert page.open == []
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any(attribute.startswith("on") for _, attributes in page.tags for attribute in attributes)
    assert all(str(attributes["src"]).startswith("data:") for tag, attributes in page.tags if tag == "img")
    assert EVIL in page.text  # it is shown, as text


def test_same_input_same_bytes(make: Callable[..., str]) -> None:
    assert make(pictures(), folder="a") == make(pictures(), folder="b")


def test_report_is_drawn_from_the_record_alone(tmp_path: Path) -> None:
    write_record(tmp_path, made_up_record.record())
    text = write_report(tmp_path).read_text("utf-8")
    assert "0.0321" in text and "/home/" not in text
    (tmp_path / "run.json").write_text("{ torn")
    assert write_report(tmp_path).read_text("utf-8") == text


def test_no_local_path_reaches_the_page(make: Callable[..., str]) -> None:
    model = made_up_record.record().model | {
        "source": "/home/someone/weights/sana",
        "settings": {"lora": "~/secret/lora.safetensors"},
    }
    text = make(model=model)
    assert "someone" not in text and "secret" not in text
    assert "PATH/sana" in text


def test_credentialed_images_and_prompts_stay_away(make: Callable[..., str]) -> None:
    split = made_up_record.record().split | {"credentialed": True, "name": "mimic-cxr"}

    def forbidden(n: int) -> list[ImagePair]:
        raise AssertionError("the images of a credentialed split were asked for")

    hidden = make(forbidden, split=split)
    assert "<img" not in hidden and "credentialed" in hidden and "--show-credentialed" in hidden
    shown = make(pictures("canary prompt"), show=True, split=split)
    assert shown.count("<img") == 24 and "canary prompt" in shown and "do not share" in shown


def test_suspicious_images_have_their_own_section_and_stay_away_with_the_rest(make: Callable[..., str]) -> None:
    found = make(suspicious=pictures("correlation 0.999, counts as a copy"))
    assert 'id="suspicious"' in found and "correlation 0.999" in found and "training image 1" in found
    assert 'id="suspicious"' not in make(folder="none")
    split = {"name": "mimic-cxr", "subset": "test", "licence": "x", "credentialed": True}
    hidden = make(suspicious=pictures("correlation 0.999"), folder="hidden", split=split)
    assert "correlation 0.999" not in hidden and 'id="suspicious"' not in hidden
    assert "correlation 0.999" in make(suspicious=pictures("correlation 0.999"), show=True, folder="shown", split=split)


def test_csv_has_every_result(make: Callable[..., str], tmp_path: Path) -> None:
    make()
    lines = (tmp_path / "run" / "results.csv").read_text().splitlines()
    assert len(lines) == 1 + len(made_up_record.results())


def test_records_of_other_shapes_still_make_a_page(make: Callable[..., str]) -> None:
    base = made_up_record.record()
    overall = [result for result in base.results if result.group == "overall" and result.variant == "raw"]
    undefined = [
        result.model_copy(
            update={"value": None, "low": None, "high": None, "se": None, "extra": {}, "reason": "no weights"}
        )
        for result in overall
    ]
    for protocol, results in (("v2", overall), ("v1", base.results), ("v9", []), ("v2", undefined)):
        page = Page(make(results=results, protocol=protocol, encoders=[], warnings=[], not_applicable={}))
        assert page.open == []
        if results is undefined:
            assert page.text.count("no weights") >= len(undefined)
    two = [*base.encoders, base.encoders[0].model_copy(update={"name": "rad-dino"})]
    more = [r.model_copy(update={"metric": "kid_rad-dino"}) for r in base.results if r.metric == "kid_lite0"]
    text = make(encoders=two, results=base.results + more)
    assert "kid_rad-dino" in text and "KID (lite0)" in text and "heatmap-rad-dino" in text
