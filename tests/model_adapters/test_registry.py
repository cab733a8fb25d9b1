import importlib.metadata
import subprocess
import sys
import types

import pytest

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders import ENCODERS
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.protocols import BuildContext
from model_adapters.registry import Registry, split_target
from model_adapters.requirements import Missing


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    module = types.ModuleType("fake_adapter")
    module.CARD = ModelCard(name="fake", kind="generator", source="test", licence="none")
    module.build = lambda context: ("built", context.target)
    module.requirements = lambda context: [Missing("a thing", "get it", 1.5)]
    monkeypatch.setitem(sys.modules, "fake_adapter", module)
    return Registry(
        "generator", "test.nothing", {"fake": "fake_adapter:build", "gone": "no_such_package.x:build"}, {"f": "fake"}
    )


def test_builds_by_name_and_alias(registry: Registry) -> None:
    assert registry.build("f", BuildContext(target="t")) == ("built", "t")
    assert registry.card("fake").name == "fake"
    assert registry.requirements("fake", BuildContext())[0].size_gb == 1.5
    assert registry.estimate("fake", BuildContext(), 10) is None


def test_unknown_name_suggests_the_nearest(registry: Registry) -> None:
    with pytest.raises(UserError, match="Did you mean fake"):
        registry.resolve("fkae")
    with pytest.raises(UserError, match="Known: fake, gone"):
        registry.resolve("zzz")


def test_missing_package_is_a_user_error(registry: Registry) -> None:
    with pytest.raises(UserError, match="no_such_package"):
        registry.card("gone")


def test_entry_points_add_names_but_cannot_take_one_over(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        importlib.metadata.EntryPoint("mine", "elsewhere:build", "g"),
        importlib.metadata.EntryPoint("fake", "elsewhere:build", "g"),
    ]
    monkeypatch.setattr("model_adapters.registry.entry_points", lambda group: points if group == "g" else [])
    registry: Registry = Registry("generator", "g", {"fake": "fake_adapter:build"})
    assert registry.names() == ["fake", "mine"]
    assert registry.targets["fake"] == "fake_adapter:build"


def test_cards_of_all_generators_are_readable_without_torch() -> None:
    code = (
        "import sys\n"
        "from model_adapters.generators import GENERATORS\n"
        "cards = [GENERATORS.card(name) for name in GENERATORS.names()]\n"
        "assert all(card.kind == 'generator' and card.name == name for card, name in zip(cards, GENERATORS.names()))\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'pandas', 'scipy.stats'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_alias_points_to_a_name() -> None:
    for registry in (GENERATORS, ENCODERS):
        assert set(registry._aliases.values()) <= set(registry.names())


def test_parse_model(tmp_path) -> None:
    assert split_target("images:/a:b.csv") == ("images", "/a:b.csv")
    assert split_target("sana:") == ("sana:".rstrip(":"), None)
    assert parse_model("memorizer") == ("memoriser", None)
    assert parse_model("sana:stock") == ("sana", "stock")
    table = tmp_path / "drawn.csv"
    table.write_text("id,synthetic_filename\n")
    assert parse_model(str(table)) == ("images", str(table))
    (tmp_path / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    assert parse_model(str(tmp_path)) == ("sana", str(tmp_path))
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    assert parse_model(str(tmp_path)) == ("diffusers", str(tmp_path))
    with pytest.raises(UserError, match="sana"):
        parse_model("sanaa")
