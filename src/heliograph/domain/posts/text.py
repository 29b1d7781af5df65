"""From a caption as it was typed to safe HTML: hashtags, mentions and links are made by us, the rest is text.

Whatever comes out goes through a sanitiser with a short list of what may remain, as the last of several nets.
"""

import html
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import nh3
from linkify_it import LinkifyIt

_TAG = re.compile(r"(?<![\w/#&])#(?P<tag>\w*[^\W\d_]\w*)")
_MENTION = re.compile(r"(?<![\w/@.])@(?P<name>[A-Za-z0-9_]{1,30})(?![\w@])")
_NAMES = re.compile(f"{_TAG.pattern}|{_MENTION.pattern}")
_PARAGRAPHS = re.compile(r"\n{2,}")

_LINKS = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
for _other in ("ftp:", "//", "mailto:"):
    _LINKS.add(_other, None)
# `http:` or `https:` (group 2) behind what may stand before a link.
_SCHEME = re.compile(_LINKS.re["schema_search"], re.IGNORECASE)
# Each try reads to the end of the text: without a limit, `http://` 285 times over holds up everybody for 60 ms.
TRIED_LINKS = 50
# Publishing asks three times about one text, hashtags, mentions and HTML; each copy is at most a caption.
KEPT_TEXTS = 64
_ALLOWED = {"a": {"href", "class", "target"}, "span": {"class"}, "p": set(), "br": set()}
SHOWN_LINK_CHARACTERS = 40
# What is longer is linked, but lists nothing.
MAX_HASHTAG_CHARACTERS = 200


def hashtags(text: str) -> list[str]:
    """The distinct hashtags of `text`, lower case, in order of appearance; never one inside a link."""
    return list(dict.fromkeys(match["tag"].lower() for match in _TAG.finditer(_without_links(text))))


def hashtag_named(text: str) -> str | None:
    """The hashtag that `text` is, with its sign or without, in lower case; None when it cannot be one."""
    name = text.strip().removeprefix("#").lower()
    return name if len(name) <= MAX_HASHTAG_CHARACTERS and hashtags(f"#{name}") == [name] else None


def mentioned_names(text: str) -> list[str]:
    """The distinct user names of `text`, lower case, in order of appearance; never one inside a link."""
    return list(dict.fromkeys(match["name"].lower() for match in _MENTION.finditer(_without_links(text))))


def to_html(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    """`text` as HTML paragraphs. `mentions`: user name in lower case -> address of the profile.

    Source of the forms: what Mastodon clients expect of `content` (classes `mention`, `hashtag`, `u-url`).
    """
    # No link, hashtag or mention holds a line break, so that those of the text are those of the markup.
    lines = _inline(text, mentions, tag_url).replace("\r\n", "\n")  # as forms of browsers send them
    paragraphs = [part for part in _PARAGRAPHS.split(lines.strip()) if part]
    return sanitise("".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in paragraphs))


def sanitise(markup: str) -> str:
    """`markup` with nothing but links, paragraphs, breaks and spans; links get `rel`."""
    return nh3.clean(
        markup,
        tags=set(_ALLOWED),
        attributes=_ALLOWED,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )


@lru_cache(KEPT_TEXTS)
def _links(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of each link, in order. What comes after TRIED_LINKS of them, or of what looks like one, is text."""
    return tuple(_search(text))


def _search(text: str) -> Iterator[tuple[int, int]]:
    end = tried = 0
    for match in _SCHEME.finditer(text):
        if match.start(2) < end:
            continue  # within the link before
        if tried == TRIED_LINKS:
            return
        tried += 1
        length = _LINKS.test_schema_at(text, match[2], match.end())
        if length:
            end = match.end() + length
            yield match.start(2), end


def _without_links(text: str) -> str:
    for start, end in reversed(_links(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _inline(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for start, end in _links(text):
        pieces += [_words(text[at:start], mentions, tag_url), _anchor(text[start:end])]
        at = end
    return "".join([*pieces, _words(text[at:], mentions, tag_url)])


def _anchor(url: str) -> str:
    shown = re.sub(r"^https?://(www\.)?", "", url, flags=re.IGNORECASE)
    if len(shown) > SHOWN_LINK_CHARACTERS:
        shown = shown[: SHOWN_LINK_CHARACTERS - 1] + "…"
    return f'<a href="{html.escape(url)}" target="_blank">{html.escape(shown)}</a>'


def _words(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    # Found in the text as it was typed: once escaped, `&#39` would hold a hashtag.
    pieces, at = [], 0
    for match in _NAMES.finditer(text):
        link = _tag_link(match["tag"], tag_url) if match["tag"] else _mention_link(match, mentions)
        pieces += [_escaped(text[at : match.start()]), link]
        at = match.end()
    return "".join([*pieces, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _tag_link(name: str, tag_url: Callable[[str], str]) -> str:
    return f'<a href="{html.escape(tag_url(name.lower()))}" class="mention hashtag">#<span>{name}</span></a>'


def _mention_link(match: re.Match[str], mentions: dict[str, str]) -> str:
    url = mentions.get(match["name"].lower())
    if url is None:
        return match[0]
    return f'<span class="h-card"><a href="{html.escape(url)}" class="u-url mention">@<span>{match["name"]}</span></a></span>'
