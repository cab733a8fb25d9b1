"""A small deterministic SVG writer. Colours are classes, so that one drawing follows the page's light or dark theme."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from html import escape

STANDALONE_STYLE = """
text{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#1b1f24}
.f-muted{fill:#5b6570}.f-faint{fill:#8a939d}.f-strong{font-weight:600}.f-accent{fill:#1f5fa8}.f-floor{fill:#b3671a}
.f-card{fill:#ffffff}.f-band{fill:#f4f5f3}.f-track{fill:#e6e8e6}
.s-grid{stroke:#e1e4e2;fill:none}.s-axis{stroke:#9aa2aa;fill:none}.s-accent{stroke:#1f5fa8;fill:none}
.s-floor{stroke:#b3671a;fill:none}.s-hollow{stroke:#1f5fa8;fill:#ffffff}.s-series1{stroke:#1f5fa8;fill:none}
.s-series2{stroke:#b3671a;fill:none}.s-series3{stroke:#2d7d5a;fill:none}.s-series4{stroke:#8452a0;fill:none}
.f-series1{fill:#1f5fa8}.f-series2{fill:#b3671a}.f-series3{fill:#2d7d5a}.f-series4{fill:#8452a0}
.h-4{fill:#2a6fb0}.h-3{fill:#6ea3d0}.h-2{fill:#a9cae5}.h-1{fill:#d7e6f2}.h0{fill:#f1f1ec}
.h1{fill:#fae3d0}.h2{fill:#f3bf97}.h3{fill:#e08f57}.h4{fill:#bb5a22}.hx{fill:#f6f6f4}
.t-4,.t4{fill:#ffffff}.hatch{stroke:#c3c8c4;fill:none}
"""
"""The light theme, for a drawing that leaves the page (style.css defines the same classes for the page itself)."""


def n(value: float) -> str:
    """A coordinate: at most two decimals, no negative zero, so that equal drawings have equal bytes."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def identifier(name: str) -> str:
    """The name, if it can be an id and a file stem.

    Raises:
        ValueError: it holds something besides letters, digits, "-" and "_".
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_\-]*", name):
        raise ValueError(f"{name!r} cannot name a figure")
    return name


class Drawing:
    """Collects SVG elements. Every text is escaped here, and nowhere else."""

    def __init__(self, width: float, height: float, title: str, description: str = "") -> None:
        self.width, self.height = width, height
        self.title, self.description = title, description
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str, width: float = 1, dash: str = "") -> None:
        """A straight stroke."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}"'
        self._parts.append(f'<line {ends} class="{css}" stroke-width="{n(width)}"{dashed}/>')

    def polyline(self, points: list[tuple[float, float]], css: str, width: float = 1.5) -> None:
        """A line through points."""
        path = " ".join(f"{n(x)},{n(y)}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" class="{css}" stroke-width="{n(width)}" stroke-linejoin="round"/>'
        )

    def polygon(self, points: list[tuple[float, float]], css: str, tip: str = "", opacity: float = 1) -> None:
        """A filled shape."""
        path = " ".join(f"{n(x)},{n(y)}" for x, y in points)
        faded = f' opacity="{n(opacity)}"' if opacity != 1 else ""
        self._element("polygon", f'points="{path}" class="{css}"{faded}', tip)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        css: str,
        radius: float = 0,
        tip: str = "",
        fill: str = "",
    ) -> None:
        """A rectangle; `tip` shows on hovering; `fill` names a paint server such as "url(#id)"."""
        rounded = f' rx="{n(radius)}"' if radius else ""
        paint = f' fill="{fill}"' if fill else ""
        attributes = f'x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}"{rounded}{paint} class="{css}"'
        self._element("rect", attributes, tip)

    def circle(self, x: float, y: float, radius: float, css: str, tip: str = "", width: float = 0) -> None:
        """A dot; with a stroke width, a ring."""
        stroke = f' stroke-width="{n(width)}"' if width else ""
        self._element("circle", f'cx="{n(x)}" cy="{n(y)}" r="{n(radius)}" class="{css}"{stroke}', tip)

    def text(
        self,
        x: float,
        y: float,
        content: str,
        css: str = "",
        size: float = 12,
        anchor: str = "start",
        rotate: float = 0,
        tip: str = "",
    ) -> None:
        """A line of text; y is the baseline."""
        turned = f' transform="rotate({n(rotate)} {n(x)} {n(y)})"' if rotate else ""
        named = f' class="{css}"' if css else ""
        placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
        inner = escape(content) if not tip else f"{escape(content)}<title>{escape(tip)}</title>"
        self._parts.append(f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}"{placed}{turned}{named}>{inner}</text>')

    def hatching(self, name: str) -> None:
        """Define the diagonal hatching that marks undefined cells, as paint server `name`."""
        size = 'width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"'
        self._parts.append(
            f'<defs><pattern id="{identifier(name)}" {size}>'
            '<rect width="6" height="6" class="hx"/><line x1="0" y1="0" x2="0" y2="6" class="hatch" stroke-width="2"/>'
            "</pattern></defs>"
        )

    def figure(self, name: str) -> Figure:
        """The finished drawing."""
        return Figure(identifier(name), self.title, self.description, self.width, self.height, "".join(self._parts))

    def _element(self, tag: str, attributes: str, tip: str) -> None:
        inner = f"<{tag} {attributes}/>" if not tip else f"<{tag} {attributes}><title>{escape(tip)}</title></{tag}>"
        self._parts.append(inner)


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished drawing.

    Attributes:
        name: file stem, unique on its page. title, description: for readers who do not see it. body: SVG elements.
    """

    name: str
    title: str
    description: str
    width: float
    height: float
    body: str

    @property
    def inline(self) -> str:
        """The svg element for a page that defines the classes."""
        return self._svg("")

    @property
    def standalone(self) -> str:
        """A file of its own, in light colours, for papers and slides."""
        background = f'<rect width="{n(self.width)}" height="{n(self.height)}" fill="#ffffff"/>'
        return self._svg(f"<style>{STANDALONE_STYLE}</style>{background}") + "\n"

    @property
    def data_uri(self) -> str:
        """The standalone file as a data URI, for a download link."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.standalone.encode()).decode()

    def _svg(self, head: str) -> str:
        size = f'viewBox="0 0 {n(self.width)} {n(self.height)}" width="{n(self.width)}" height="{n(self.height)}"'
        # A <title> here would pop up as a tooltip over every empty spot of the drawing.
        label = escape(f"{self.title}. {self.description}".rstrip(". "))
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">{head}{self.body}</svg>'


def data_uri(data: bytes, media_type: str) -> str:
    """Bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
