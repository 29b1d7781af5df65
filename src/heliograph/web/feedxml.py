"""A feed as RSS 2.0 or Atom: made by an XML library, of plain values. It knows nothing of requests or posts.

Sources: rssboard.org/rss-specification and its advisories, RFC 4287, rssboard.org/media-rss.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

import msgspec

from heliograph import __version__

ATOM = "http://www.w3.org/2005/Atom"
MEDIA = "http://search.yahoo.com/mrss/"
# Of control characters XML 1.0 takes these only; no library escapes the others.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Picture(msgspec.Struct, frozen=True):
    """A photo: its address, its content type, its pixels, its alt text."""

    url: str
    kind: str
    width: int
    height: int
    alt: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One post. `html`: what there is to read; `url` is also its name for ever."""

    url: str
    title: str
    html: str
    author: str
    author_url: str
    published: datetime
    updated: datetime
    tags: list[str]
    pictures: list[Picture]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of the whole. `url`: of the page that it belongs to; `own_url`: of itself."""

    title: str
    about: str
    url: str
    own_url: str
    icon: str
    updated: datetime
    entries: list[Entry]


def rss(feed: Feed) -> bytes:
    """`feed` as RSS 2.0."""
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": ATOM, "xmlns:media": MEDIA})
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.url)
    _add(channel, "description", feed.about)
    _add(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.own_url)
    _add(channel, "lastBuildDate", _mail_date(feed.updated))
    _add(channel, "generator", f"Heliograph {__version__}")
    image = _add(channel, "image")
    for name, text in (("url", feed.icon), ("title", feed.title), ("link", feed.url)):
        _add(image, name, text)
    for entry in feed.entries:
        _rss_item(channel, entry)
    return _bytes(root)


def _rss_item(channel: ET.Element, entry: Entry) -> None:
    item = _add(channel, "item")
    _add(item, "title", entry.title)
    _add(item, "link", entry.url)
    _add(item, "guid", entry.url, isPermaLink="true")
    _add(item, "pubDate", _mail_date(entry.published))
    _add(item, "description", entry.html)
    for tag in entry.tags:
        _add(item, "category", tag)
    for picture in entry.pictures[:1]:
        # One to an item, and 0 where the length is not known, as the specification's advisory says.
        _add(item, "enclosure", url=picture.url, type=picture.kind, length="0")
    _media(item, entry)


def atom(feed: Feed) -> bytes:
    """`feed` as Atom."""
    root = ET.Element("feed", {"xmlns": ATOM, "xmlns:media": MEDIA})
    _add(root, "id", feed.url)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.about)
    _add(root, "updated", _date(feed.updated))
    _add(root, "link", rel="alternate", type="text/html", href=feed.url)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.own_url)
    _add(root, "icon", feed.icon)
    _add(root, "generator", "Heliograph", version=__version__)
    for entry in feed.entries:
        _atom_entry(root, entry)
    return _bytes(root)


def _atom_entry(root: ET.Element, entry: Entry) -> None:
    item = _add(root, "entry")
    _add(item, "id", entry.url)
    _add(item, "title", entry.title)
    _add(item, "published", _date(entry.published))
    _add(item, "updated", _date(entry.updated))
    author = _add(item, "author")
    _add(author, "name", entry.author)
    _add(author, "uri", entry.author_url)
    _add(item, "link", rel="alternate", type="text/html", href=entry.url)
    for picture in entry.pictures:
        _add(item, "link", rel="enclosure", type=picture.kind, href=picture.url)
    for tag in entry.tags:
        _add(item, "category", term=tag)
    _add(item, "content", entry.html, type="html")
    _media(item, entry)


def _media(item: ET.Element, entry: Entry) -> None:
    for picture in entry.pictures:
        size = {"width": str(picture.width), "height": str(picture.height)}
        content = _add(item, "media:content", url=picture.url, type=picture.kind, medium="image", **size)
        _add(content, "media:rating", "nonadult", scheme="urn:simple")
        if picture.alt:
            _add(content, "media:description", picture.alt, type="plain")


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    if text:
        element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _bytes(root: ET.Element) -> bytes:
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _mail_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0))


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
