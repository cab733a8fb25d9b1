"""The self-contained page around a report: everything inline, nothing fetched, every text escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(package: str, template: str, context: dict[str, Any]) -> str:
    """Render a template that extends "page.html.j2".

    The page carries a content security policy under which no script runs but the shell's own, and nothing is fetched.

    Args:
        package: Python package whose `templates` folder holds the template; "page.html.j2" and "parts.html.j2" of this
            package are found beside it.
        context: what the template shows; every string of it is escaped.
    """
    environment = _environment(package)
    script = files(__package__).joinpath("templates/page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shell = {
        "style": _markup(environment.get_template("style.css.j2").render()),
        "script": _markup(script),
        "script_hash": f"sha256-{digest}",
    }
    return environment.get_template(template).render(**context, **shell)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(package), PackageLoader(__package__)])
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)
