"""Captions: what becomes a link, and that nothing else ever becomes markup."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heliograph.domain.posts.text import _LINKS, SHOWN_LINK_CHARACTERS, TRIED_LINKS, hashtags, mentioned_names, to_html

PROFILES = {"ann": "https://helio.test/@ann", "bob_2": "https://helio.test/@bob_2"}
ALLOWED = {
    "p": set(),
    "br": set(),
    "span": {"class"},
    "a": {"href", "class", "target", "rel"},
}


def tag_url(name: str) -> str:
    return f"https://helio.test/tags/{name}"


def html(text: str) -> str:
    return to_html(text, PROFILES, tag_url)


class Reader(HTMLParser):
    """Reads our HTML strictly: only what is allowed, balanced. `pieces`: (text, within a plain link, truncated)."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.pieces: list[tuple[str, bool]] = []
        self._plain = False
        self.feed(markup)
        self.close()
        assert self.stack == [], markup

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        given = dict(attrs)
        if tag == "br":
            self.pieces.append(("\n", False))
            return
        if tag == "a":
            assert "a" not in self.stack, "no link within a link"
            # The sanitiser drops an address that it cannot read.
            assert re.match(r"https?://", given.get("href") or "http://", re.IGNORECASE), given
            assert given["rel"] == "nofollow noopener noreferrer"
            self.links.append(given)
            self._plain = "class" not in given
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag
        if tag == "p":
            self.pieces.append(("\n\n", False))
        if tag == "a":
            self._plain = False

    def handle_data(self, data: str) -> None:
        assert "p" in self.stack
        self.pieces.append((data, self._plain))

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _pattern(pieces: list[tuple[str, bool]]) -> str:
    """What the caption must have been, given what is shown: links may have lost their head and their tail."""
    parts = []
    for text, plain in pieces:
        shown = _squeezed(text)
        if plain:
            cut = shown.endswith("…") and len(text) == SHOWN_LINK_CHARACTERS
            parts.append(r"https?://(?:www\.)?" + re.escape(shown[:-1] if cut else shown) + (".*" if cut else ""))
        else:
            parts.append(re.escape(shown))
    return "".join(parts)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1) #javascript:alert(1)",
    'http://a.test/"onmouseover="alert(1)',
    "http://a.test/'onmouseover='alert(1)",
    "https://a.test/?q=<script>alert(1)</script>",
    "https://a.test/#<img/src=x/onerror=alert(1)>",
    '#<b>bold</b> #a<b #a"onclick=alert(1)',
    '@ann<script>@ann</script>@ann"onclick=1',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62; &#x3c;script&#x3e; &amp;lt;",
    "<!-- --><![CDATA[<script>]]><?php ?><!doctype html>",
    "<p></p></p></a></span><p>",
    "<style>*{}</style><iframe src=//a.test></iframe><math><mi//xlink:href='data:x'>",
    "data:text/html,<script>alert(1)</script> vbscript:x file:///etc/passwd ftp://a.test",
    "http://user:pass@a.test/ http://[::1]/ http://a.test:80/ HTTP://A.TEST/",
    "https://a.test/@ann/#ann @ann/@bob_2 #ann@ann",
    "\u202ehttp://a.test\u202c \u200b#x\u200b @ann\u200d",
    "<scr\u0000ipt>".replace("\0", "\u0001"),
    "http://a.test/\r\n<script>",
    '<plaintext> <noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "http://xn--80ak6aa92e.test http://аррӏе.test/путь?й=ё#ъ",
]

# What people type, and what they do not: pieces of markup, of links, of names, any letters.
pieces = st.sampled_from(
    [
        *"<>&\"'#@/:;.!?()[]{}=…-_ \n\t",
        "\n\n",
        "\r\n",
        "http://",
        "https://www.",
        "a.test/",
        "#tag",
        "@ann",
        "@bob_2",
        "@x",
        "&lt;",
        "&#39;",
        "<script>",
        "</p>",
        "<a href=",
        "javascript:",
        "ünï",
        "写真",
        "١٢",
        "🌅",
        "a" * 50,
        "\u202e",
        "\xa0",
    ]
)
captions = st.lists(pieces | st.text(max_size=6), max_size=14).map("".join)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_text(attack: str) -> None:
    for text in (attack, f"before {attack} after", f"#tag {attack} @ann", attack * 3):
        _is_faithful(text)


@given(captions)
@example("http://a.test/" + "x" * 100)
@example("#a&b #&amp; &#a")
@settings(max_examples=600, deadline=None, derandomize=True)
def test_any_caption_is_shown_as_it_was_typed(text: str) -> None:
    _is_faithful(text)


def _is_faithful(text: str) -> None:
    text = "".join(each for each in text if each != "\0" and not 0xD800 <= ord(each) < 0xE000)
    read = Reader(html(text))
    assert re.fullmatch(_pattern(read.pieces), _squeezed(text), re.DOTALL | re.IGNORECASE), (text, html(text))
    made = {link["href"] for link in read.links if link.get("class") == "mention hashtag"}
    assert made == {tag_url(name) for name in hashtags(text)}, (text, html(text))
    named = {link["href"] for link in read.links if link.get("class") == "u-url mention"}
    assert named == {PROFILES[name] for name in mentioned_names(text) if name in PROFILES}, (text, html(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Light at #dusk, #light", ["light", "dusk"]),
        ("#1 #2024 #2024light #_ #a_b #été #写真 #", ["2024light", "a_b", "été", "写真"]),
        ("a#b /#c ##d (#e) #f#g &#h", ["e", "f"]),
        ("https://a.test/#light http://b.test/?x=#dusk", []),
        ("#light.", ["light"]),
        ("#c++ #don't", ["c", "don"]),
    ],
)
def test_hashtags(text: str, expected: list[str]) -> None:
    assert hashtags(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Ann and @bob_2, @ann", ["ann", "bob_2"]),
        ("mail me@ann.test @ann@other.test /@ann @ @@ann .@ann", []),
        ("(@ann) @ann: @ann's", ["ann"]),
        ("https://a.test/@ann", []),
        ("@" + "x" * 31, []),
        ("@" + "x" * 30, ["x" * 30]),
    ],
)
def test_mentions(text: str, expected: list[str]) -> None:
    assert mentioned_names(text) == expected


def test_the_forms_that_clients_expect() -> None:
    rel = 'rel="nofollow noopener noreferrer"'
    assert html("Hi @Ann #Light\nhttps://www.a.test/x\n\nnew") == (
        f'<p>Hi <span class="h-card"><a href="https://helio.test/@ann" class="u-url mention" {rel}>@<span>Ann</span></a>'
        f'</span> <a href="https://helio.test/tags/light" class="mention hashtag" {rel}>#<span>Light</span></a><br>'
        f'<a href="https://www.a.test/x" target="_blank" {rel}>a.test/x</a></p><p>new</p>'
    )
    assert html("@nobody <b>") == "<p>@nobody &lt;b&gt;</p>"
    assert html("") == html(" \n ") == ""
    assert html("a\r\nb\r\n\r\nc") == "<p>a<br>b</p><p>c</p>"


def test_a_long_link_is_shown_short() -> None:
    read = Reader(html("https://a.test/" + "x" * 100))
    ((shown, plain),) = [piece for piece in read.pieces if piece[0].strip()]
    assert plain
    assert len(shown) == SHOWN_LINK_CHARACTERS
    assert shown.endswith("…")
    assert read.links[0]["href"] == "https://a.test/" + "x" * 100


@pytest.mark.parametrize(
    "text",
    [
        "http://" * 285,
        "a." * 1000,
        "@" * 2000,
        "#" * 2000,
        "(" * 2000,
        "http://a.test/" + "(" * 1900,
        "#a" * 1000,
        "@a" * 1000,
        "&" * 2000,
        "<" * 2000,
        "http://a.test " * 142,
        "\n" * 2000,
        "http://" + "a." * 900,
        "//" * 1000,
    ],
)
def test_no_caption_takes_long(text: str) -> None:
    began = time.process_time()
    html(text[:2000])
    hashtags(text[:2000])
    mentioned_names(text[:2000])
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("http://" * 285, TRIED_LINKS),
        ("http://x.test/" * 140, 1),
        ("http://x.test " * 140, TRIED_LINKS),
        ("http:// " * 250, 0),
        ("ftp://x.test //x.test mailto:x@x.test " * 50, 0),
    ],
)
def test_links_are_searched_once_and_not_without_end(text: str, links: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    test_schema_at = _LINKS.test_schema_at

    def counted(text: str, name: str, position: int) -> int:
        tries.append(position)
        return test_schema_at(text, name, position)

    monkeypatch.setattr(_LINKS, "test_schema_at", counted)
    text += "\n\nnever seen before"
    hashtags(text)
    mentioned_names(text)
    assert html(text).count(' target="_blank"') == links
    assert len(tries) == len(set(tries)) <= TRIED_LINKS


def test_links_beyond_the_limit_are_text() -> None:
    _is_faithful("http://x.test/#light\n" * 60 + "#dusk")
