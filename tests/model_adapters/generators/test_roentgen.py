from pathlib import Path

from pipeline_checks import built, check_pipeline
from tiny_diffusers import save_stable_diffusion

from model_adapters.generators import GENERATORS


def test_both_keep_the_contract_with_their_own_settings(tmp_path: Path) -> None:
    folder = save_stable_diffusion(tmp_path / "tiny")
    for name, steps, guidance in (("roentgen", 75, 4.0), ("roentgen-v2", 50, 7.5)):
        check_pipeline(built(name, folder), folder)
        assert GENERATORS.options(name) | {"steps": steps, "guidance": guidance} == GENERATORS.options(name)
        card = GENERATORS.card(name)
        assert not card.verified and "mimic-cxr" in card.training_data
