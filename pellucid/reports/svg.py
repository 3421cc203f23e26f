"""An <svg> as a page may show it: of what it holds, that alone which draws, written anew.

A run folder may come from anywhere, and a page shows a figure as part of itself, so that it follows its colours. What
could run, or fetch something, is left out.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

TAGS = frozenset({"svg", "g", "defs", "clippath", "path", "rect", "line", "circle", "ellipse", "polyline", "polygon",
                  "use", "text", "tspan", "image", "title", "desc"})  # fmt: skip
PLAIN = frozenset({"id", "d", "points", "transform", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy", "r",
                   "rx", "ry", "width", "height", "viewbox", "preserveaspectratio", "role", "aria-label"})  # fmt: skip
STYLES = frozenset({"fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
                    "stroke-linejoin", "stroke-dasharray", "stroke-dashoffset", "stroke-miterlimit", "opacity",
                    "font-size", "font-family", "font-weight", "font-style", "text-anchor", "--drawn"})  # fmt: skip
STYLE = re.compile(r"(?:[^()\\]|var\(--[\w-]+\))*\Z")
LINK = re.compile(r"#[\w.-]+\Z|data:image/png;base64,[A-Za-z0-9+/=\s]*\Z")
CLIP = re.compile(r"url\(#[\w.-]+\)\Z")


def cleaned(svg: str) -> str:
    """The drawing alone."""
    writer = _Cleaner()
    writer.feed(svg)
    writer.close()
    return "".join(writer.parts)


class _Cleaner(HTMLParser):
    """Writes down what it knows; comments, and everything within a tag that it does not know, are gone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unknown: list[str] = []  # tags that are open and left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unknown or tag not in TAGS:
            self.unknown.append(tag)
        else:
            self.parts.append(f"<{tag}{harmless(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.unknown and tag in TAGS:
            self.parts.append(f"<{tag}{harmless(attrs)}/>")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.unknown:
            del self.unknown[len(self.unknown) - 1 - self.unknown[::-1].index(tag) :]
        elif not self.unknown and tag in TAGS:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.unknown:
            self.parts.append(html.escape(data, quote=False))


def harmless(attrs: list[tuple[str, str | None]]) -> str:
    """The attributes that run and fetch nothing."""
    found = []
    for name, given in attrs:
        value = styled(given or "") if name == "style" else given or ""
        inner = {"href": LINK, "xlink:href": LINK, "clip-path": CLIP}.get(name)
        if (name == "style" and value) or name in PLAIN or (inner is not None and inner.match(value)):
            found.append(f' {name}="{html.escape(value)}"')
    return "".join(found)


def styled(style: str) -> str:
    """The properties that only say how something looks."""
    pairs = [part for part in style.split(";") if part.partition(":")[0].strip() in STYLES and STYLE.match(part)]
    return ";".join(pairs).strip()
