"""HTML of the board: one Jinja environment that escapes everything, and nothing else writes markup."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

    from leaderboards.app.state import State


@cache
def environment() -> Environment:
    """Autoescaping is on for every template, and an unknown name is an error."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    from leaderboards.app.lines import TIERS
    from leaderboards.reporting.numbers import count

    made = Environment(
        loader=ChoiceLoader([PackageLoader("leaderboards.app"), PackageLoader("leaderboards.reporting")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["count"] = count
    made.globals["tier_css"] = {tier: css for tier, (css, _) in TIERS.items()}
    return made


def render(template: str, state: State, **context: Any) -> str:
    """A view's HTML. Its root carries the state's query, from which the page keeps its address."""
    return environment().get_template(template).render(state=state, **context)


@cache
def style() -> str:
    """The board's style sheet, colours of the reports included."""
    return environment().get_template("board.css.j2").render()


@cache
def script() -> str:
    """What the page does besides Gradio: clicks on heads and links, the address, the theme."""
    return files(__package__).joinpath("templates/board.js").read_text("utf-8")
