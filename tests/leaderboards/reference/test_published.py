"""Arithmetic inside the published tables, and a warning wherever it does not work out."""

from __future__ import annotations

import numpy as np
import pytest

from data_splits.errors import UserError
from leaderboards.reference.published import table, tables
from leaderboards.reference.schema import FLAG, UNVERIFIED


def column(identifier: str, name: str) -> dict[str, float | None]:
    return {row.model: row.values.get(name) for row in table(identifier).rows}


def test_every_table_is_valid_and_has_an_id_of_its_own() -> None:
    found = tables()
    assert len({each.id for each in found}) == len(found) > 30
    assert {each.benchmark for each in found} == {"chexgenbench", "mirb", "methods"}
    assert sum(len(row.printed) for each in found for row in each.rows) > 900


def test_no_unverified_number_goes_unflagged() -> None:
    for each in tables():
        for row in each.rows:
            assert (row.tag not in UNVERIFIED) or FLAG in {*row.flags, *each.warnings}, (each.id, row.model)


def test_averages_are_the_means_of_their_cells_except_where_flagged() -> None:
    wrong = set()
    for each in tables():
        for name in each.mean_of:
            for row in each.rows:
                mean, printed = each.recomputed(row, name), row.printed[name]
                half = 0.5 * 10.0 ** -len(printed.split(".")[1])
                if mean is not None and abs(mean - float(printed)) > half + 1e-9:
                    wrong.add((row.model, round(mean, 2)))
    assert wrong == {("Random", 19.96), ("LLaVA-Next-13B", 29.63)}


def test_findings_below_the_overall_value_are_as_many_as_the_warning_says() -> None:
    overall = column("cgb-fidelity", "FID-RadDino") | column("cgb-third-party", "FID-RadDino")
    below = {
        row.model: sum(value < overall[row.model] for value in row.values.values())  # type: ignore[operator]
        for row in table("cgb-conditional").rows
    }
    assert (below["Sana"], below["PixArt-Sigma"], below["RadEdit"], below["UniX 1.5B @512 (cfg 2.0)"]) == (5, 5, 6, 6)


def test_misaligned_rows_are_those_that_do_not_follow_the_others() -> None:
    rows = {row.model: row for row in table("cgb-conditional").rows if row.tag == "F"}
    flagged = {name for name, row in rows.items() if "misaligned" in row.flags}
    values = {name: np.array(list(row.values.values()), np.float64) for name, row in rows.items()}
    profile = np.mean([each for name, each in values.items() if name not in flagged], axis=0)
    agreement = {name: np.corrcoef(each, profile)[0, 1] for name, each in values.items()}
    assert {name for name, each in agreement.items() if each < 0.9} == flagged == {"SD V1-5", "SD V2"}
    assert agreement["SD V1-5"] == pytest.approx(0.32, abs=0.01) and agreement["SD V2"] == pytest.approx(0.11, abs=0.01)
    for row in rows.values():
        twice = {name for name, text in row.printed.items() if list(row.printed.values()).count(text) > 1}
        assert twice == {name for name, flags in row.cell_flags.items() if "repeated" in flags}, row.model


def test_known_defects_of_single_numbers_are_flagged() -> None:
    privacy = table("cgb-privacy")
    assert all("wrapped-pixels" in row.cell_flags["Average pixel distance"] for row in privacy.rows)
    assert all("shards" in row.cell_flags["FID-RadDino"] for row in table("cgb-fidelity").rows)
    sana = next(row for row in table("cgb-conditional").rows if row.model == "Sana")
    assert sana.cell_flags["Pneumonia"] == ("disputed",)
    assert all("swapped-headers" in row.flags for row in table("mirb").rows if row.source == "paper")
    one = column("mobilequant-perplexity", "StableLM-2-1.6B")["W8A8 SmoothQuant-Edge"]
    other = column("mobilequant-tasks", "StableLM-2-1.6B, WikiText")["W8A8 SmoothQuant-Edge"]
    assert (one, other) == (74.5, 70.2)


def test_a_bound_is_no_number() -> None:
    row = next(row for row in table("mobilequant-perplexity").rows if row.model == "W8A8 SmoothQuant-Static")
    assert row.printed["Gemma-2B"] == ">1e3" and row.values["Gemma-2B"] is None
    ftd = table("distillation-baselines").rows[-1]
    assert ftd.printed["CIFAR-10, 1"] == "46.8±0.3" and ftd.values["CIFAR-10, 1"] == 46.8


def test_the_inferred_parts_of_mirb_give_the_printed_averages() -> None:
    printed = {row.model: row.values for row in table("mirb").rows}
    for row in table("mirb-inferred-multi-hop").rows:
        chain, of_chain, arxiv, of_arxiv = (float(text) for text in row.printed.values())
        assert round(50 * (chain / of_chain + arxiv / of_arxiv), 2) == printed[row.model]["multi-hop"]
    for row in table("mirb-inferred-knowledge").rows:
        food, sights = (float(text) for text in row.printed.values())
        exact = [100 * k / 102 for k in range(103) if sights in (round(100 * k / 102), 100 * k // 102)]
        means = [(food + each) / 2 for each in exact]
        assert any(abs(mean - printed[row.model]["knowledge"]) < 0.011 for mean in means), row.model  # type: ignore[operator]


def test_an_unknown_table_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean cgb-privacy"):
        table("cgb-privac")
    with pytest.raises(UserError, match="known: cgb-fidelity"):
        table("??")
