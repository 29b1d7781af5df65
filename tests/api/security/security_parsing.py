"""Reads an answer as a browser does, and tells what in it could do something that we have not put there."""

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

# What our pages have besides what people write.
PAGE_ELEMENTS = frozenset(
    """
    html head meta title link script body a abbr header nav form input ul li ol div span p br img figure figcaption main
    section article aside h1 h2 h3 h4 h5 h6 footer button time strong em b i small code pre label textarea select option
    details summary dl dt dd table thead tbody tr th td hr svg path circle rect g line polyline polygon ellipse defs use
    symbol fieldset legend output template noscript blockquote q cite kbd picture source
    """.split()  # noqa: SIM905 -- a list of words reads best as words
)
# What `content` and its kin are made of.
WORDS_ELEMENTS = frozenset({"p", "br", "a", "span"})
WORDS_ATTRIBUTES = frozenset({"href", "class", "target", "rel"})
ADDRESSES = frozenset({"href", "src", "action", "formaction", "data", "xlink:href", "poster", "background", "cite"})
# Of the attributes that htmx obeys those that our pages have.
_TEMPLATES = Path(importlib.util.find_spec("heliograph").origin).parent / "web" / "templates"
_OURS = frozenset(name for file in _TEMPLATES.rglob("*.html") for name in re.findall(r"\shx-[a-z-]+", file.read_text()))


class _Reader(HTMLParser):
    def __init__(self, elements: frozenset[str], *, words: bool) -> None:
        super().__init__()
        self._elements, self._words = elements, words
        self.found: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += 1
        given = {name: value or "" for name, value in attrs}
        whole = self.get_starttag_text() or tag
        if tag not in self._elements:
            self.found.append(f"element: {whole}")
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.found.append(f"script: {whole}")
        if tag == "link" and "stylesheet" in given.get("rel", "") and not given["href"].startswith("/static/"):
            self.found.append(f"style: {whole}")
        if tag == "meta" and "http-equiv" in given:
            self.found.append(f"meta: {whole}")
        for name, value in given.items():
            self._attribute(name, value, whole)

    def _attribute(self, name: str, value: str, whole: str) -> None:
        if name.startswith("on") or name in ("style", "srcdoc") or (name.startswith("hx-") and f" {name}" not in _OURS):
            self.found.append(f"attribute: {whole}")
        if self._words and name not in WORDS_ATTRIBUTES:
            self.found.append(f"attribute {name}: {whole}")
        if name in ADDRESSES and _scheme(value) not in ("", "http", "https", "mailto"):
            self.found.append(f"address: {whole}")
        if self._words and name == "target" and "noopener" not in whole:
            self.found.append(f"opener: {whole}")


def _scheme(address: str) -> str:
    """As browsers read it: without the controls and spaces that they leave out."""
    plain = "".join(char for char in address if char > " ")
    try:
        return urlsplit(plain).scheme.lower()
    except ValueError:
        return "broken" if ":" in plain.partition("/")[0] else "https"


def active_in_page(text: str) -> list[str]:
    """What of a page is not ours."""
    reader = _Reader(PAGE_ELEMENTS, words=False)
    reader.feed(text)
    reader.close()
    assert reader.seen > 3, "this is no page"
    return reader.found


def active_in_words(markup: str) -> list[str]:
    """What of the HTML that is made of somebody's words is more than words and links."""
    reader = _Reader(WORDS_ELEMENTS, words=True)
    reader.feed(markup)
    reader.close()
    return reader.found
