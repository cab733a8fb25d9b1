"""Is a page's markup only what the board writes? Parses it as a browser would and lists whatever is foreign."""

from __future__ import annotations

from html.parser import HTMLParser

TAGS = frozenset(
    ("div", "h1", "h2", "h3", "p", "ul", "ol", "li", "b", "a", "span", "sup", "table", "caption", "thead", "tbody",
     "tr", "th", "td", "figure", "figcaption", "svg", "g", "defs", "pattern", "line", "polyline", "polygon", "rect",
     "circle", "text", "title", "dl", "dt", "dd", "code", "pre", "details", "summary", "article", "header", "section")
)  # fmt: skip
LINKS = ("?", "export/csv?", "export/latex?", "data:image/svg+xml;base64,")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"tag {tag}")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "src", "xlink:href", "formaction"):
                self.found.append(f"attribute {name}")
            if name == "href" and not str(value).startswith(LINKS):
                self.found.append(f"link to {value}")
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"unbalanced {tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")


def foreign(html: str) -> list[str]:
    """Tags, attributes and links that the board never writes, and tags that do not close in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found + [f"open {tag}" for tag in reader.open]
