"""From a caption as it was typed to safe HTML: hashtags, mentions and links are made by us, the rest is text.

Whatever comes out goes through a sanitiser with a short list of what may remain, as the last of several nets.
"""

import html
import re
from collections.abc import Callable

import nh3
from linkify_it import LinkifyIt

_TAG = re.compile(r"(?<![\w/#&])#(\w*[^\W\d_]\w*)")
_MENTION = re.compile(r"(?<![\w/@.])@([A-Za-z0-9_]{1,30})(?![\w@])")
_PARAGRAPHS = re.compile(r"\n{2,}")

_LINKS = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
_ALLOWED = {"a": {"href", "class", "target"}, "span": {"class"}, "p": set(), "br": set()}
SHOWN_LINK_CHARACTERS = 40


def hashtags(text: str) -> list[str]:
    """The distinct hashtags of `text`, lower case, in order of appearance; never one inside a link."""
    return list(dict.fromkeys(match[1].lower() for match in _TAG.finditer(_without_links(text))))


def mentioned_names(text: str) -> list[str]:
    """The distinct user names of `text`, lower case, in order of appearance; never one inside a link."""
    return list(dict.fromkeys(match[1].lower() for match in _MENTION.finditer(_without_links(text))))


def to_html(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    """`text` as HTML paragraphs. `mentions`: user name in lower case -> address of the profile.

    Source of the forms: what Mastodon clients expect of `content` (classes `mention`, `hashtag`, `u-url`).
    """
    paragraphs = [_inline(part, mentions, tag_url) for part in _PARAGRAPHS.split(text.strip()) if part]
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


def _links(text: str) -> list[tuple[int, int, str]]:
    found = _LINKS.match(text) or []
    return [(match.index, match.last_index, match.url) for match in found if match.schema in {"http:", "https:"}]


def _without_links(text: str) -> str:
    for start, end, _ in reversed(_links(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _inline(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for start, end, url in _links(text):
        pieces += [_words(text[at:start], mentions, tag_url), _anchor(url, text[start:end])]
        at = end
    return "".join([*pieces, _words(text[at:], mentions, tag_url)])


def _anchor(url: str, text: str) -> str:
    shown = re.sub(r"^https?://(www\.)?", "", text)
    if len(shown) > SHOWN_LINK_CHARACTERS:
        shown = shown[: SHOWN_LINK_CHARACTERS - 1] + "…"
    return f'<a href="{html.escape(url)}" target="_blank">{html.escape(shown)}</a>'


def _words(text: str, mentions: dict[str, str], tag_url: Callable[[str], str]) -> str:
    escaped = html.escape(text, quote=False)
    tagged = _TAG.sub(lambda match: _tag_link(match[1], tag_url), escaped)
    return _MENTION.sub(lambda match: _mention_link(match, mentions), tagged)


def _tag_link(name: str, tag_url: Callable[[str], str]) -> str:
    return f'<a href="{html.escape(tag_url(name.lower()))}" class="mention hashtag">#<span>{name}</span></a>'


def _mention_link(match: re.Match[str], mentions: dict[str, str]) -> str:
    url = mentions.get(match[1].lower())
    if url is None:
        return match[0]
    return (
        f'<span class="h-card"><a href="{html.escape(url)}" class="u-url mention">@<span>{match[1]}</span></a></span>'
    )
