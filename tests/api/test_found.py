"""Being found from elsewhere: WebFinger, host-meta, oEmbed and its frame, feeds. Of what is public, and of nothing else."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
NASTY = 'Tea & <b>"scones"</b> <script>alert(1)</script> #nasty \x0b'


@pytest.fixture(scope="module")
def post(ada):
    photos = [ada.photo(description=f"Photo {number} & <more>")["id"] for number in (1, 2)]
    return ada.publish(f"First light {NASTY}", media_ids=photos)


@pytest.fixture(scope="module")
def hidden(ada, grace):
    """Posts that must show nowhere: (id of the private, of the direct one)."""
    private = ada.publish("Private words #nasty", visibility="private")["id"]
    return private, ada.publish(f"Direct words for @{grace.name}", visibility="direct")["id"]


@pytest.fixture(scope="module")
def suspended(site):
    person = site.person()
    person.post_id = person.publish("Gone #nasty")["id"]
    site.run(site.product.suspension.suspend(person.id))
    return person


def webfinger(site, resource, **more):
    return site.anyone.get("/.well-known/webfinger", params={"resource": resource} | more)


def test_webfinger(site, ada):
    host = site.url.partition("://")[2]
    for resource in (
        f"acct:{ada.name}@{host}",
        f"acct:{ada.name.upper()}@{host}",
        f"ACCT:@{ada.name}@{host}",
        f"{ada.name}@{host}",
        f"{site.url}/@{ada.name}",
        f"{site.url}/@{ada.name}/",
    ):
        answer = webfinger(site, resource)
        assert answer.status_code == 200, resource
        assert answer.headers["content-type"] == "application/jrd+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        found = answer.json()
        assert found["subject"] == f"acct:{ada.name}@{host}"
        assert found["aliases"] == [f"{site.url}/@{ada.name}"]
        links = {link["rel"]: link for link in found["links"]}
        assert links["http://webfinger.net/rel/profile-page"]["href"] == f"{site.url}/@{ada.name}"
        assert links["http://webfinger.net/rel/avatar"]["type"] == "image/png"
    one = webfinger(site, f"acct:{ada.name}@{host}", rel="http://webfinger.net/rel/profile-page").json()
    assert [link["rel"] for link in one["links"]] == ["http://webfinger.net/rel/profile-page"]
    for link in found["links"]:
        assert site.anyone.get(link["href"]).status_code == 200


def test_webfinger_of_nobody(site, ada, suspended):
    host = site.url.partition("://")[2]
    for resource in (
        f"acct:nobody@{host}",
        f"acct:{suspended.name}@{host}",
        f"acct:{ada.name}@elsewhere.example",
        f"acct:{ada.name}",
        f"https://elsewhere.example/@{ada.name}",
        f"{site.url}/{ada.name}",
        f"{site.url}/@{ada.name}/1",
        "acct:@",
        "\0",
        "acct:é@" + host,
    ):
        answer = webfinger(site, resource)
        assert (answer.status_code, answer.json()["error"]) == (404, "Record not found"), resource
    for query in ("", "?resource=", "?resource=%20"):
        assert site.anyone.get(f"/.well-known/webfinger{query}").status_code == 400


def test_host_meta(site, ada):
    answer = site.anyone.get("/.well-known/host-meta")
    assert answer.headers["content-type"].startswith("application/xrd+xml")
    (link,) = ET.fromstring(answer.content)
    assert link.tag == "{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link"
    for json in (
        site.anyone.get("/.well-known/host-meta.json"),
        site.anyone.get("/.well-known/host-meta", headers={"Accept": "application/json"}),
    ):
        assert json.headers["content-type"] == "application/json"
        assert json.json()["links"][0]["template"] == link.attrib["template"]
    there = link.attrib["template"].replace("{uri}", f"{site.url}/@{ada.name}")
    assert site.anyone.get(there).json()["aliases"] == [f"{site.url}/@{ada.name}"]


def feed(site, path):
    answer = site.anyone.get(path)
    assert answer.status_code == 200, answer.text
    return answer, ET.fromstring(answer.content)


@pytest.mark.usefixtures("hidden", "suspended")
@pytest.mark.parametrize("tagged", [False, True])
def test_rss(site, ada, post, tagged):
    path = "/tags/nasty" if tagged else f"/@{ada.name}"
    answer, root = feed(site, f"{path}.rss")
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert (root.tag, root.attrib["version"]) == ("rss", "2.0")
    (channel,) = root
    required = ("title", "link", "description", "lastBuildDate", "image/url", "image/title", "image/link")
    assert all(channel.findtext(name) for name in required)
    assert channel.findtext("link") == f"{site.url}{path}"
    assert channel.find(f"{ATOM}link").attrib["href"] == f"{site.url}{path}.rss"
    item = next(item for item in channel.iter("item") if item.findtext("link") == post["url"])
    assert item.findtext("guid") == post["url"]
    assert parsedate_to_datetime(item.findtext("pubDate")) <= datetime.now(UTC)
    assert item.findtext("title").startswith('First light Tea & <b>"scones"</b>')
    assert [tag.text for tag in item.iter("category")] == ["nasty"]
    enclosure, contents = item.find("enclosure").attrib, list(item.iter(f"{MEDIA}content"))
    assert (enclosure["url"], enclosure["length"]) == (post["media_attachments"][0]["url"], "0")
    assert site.anyone.get(enclosure["url"]).headers["content-type"] == enclosure["type"]
    assert [each.attrib["url"] for each in contents] == [photo["url"] for photo in post["media_attachments"]]
    assert contents[1].findtext(f"{MEDIA}description") == "Photo 2 & <more>"
    assert_safe(item.findtext("description"), photos=2)
    for words in ("Private words", "Direct words", "Gone"):
        assert words not in answer.text


@pytest.mark.usefixtures("hidden", "suspended")
@pytest.mark.parametrize("tagged", [False, True])
def test_atom(site, ada, post, tagged):
    path = "/tags/nasty" if tagged else f"/@{ada.name}"
    answer, root = feed(site, f"{path}.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert root.tag == f"{ATOM}feed"
    assert all(root.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
    links = {link.attrib["rel"]: link.attrib["href"] for link in root.findall(f"{ATOM}link")}
    assert links == {"self": f"{site.url}{path}.atom", "alternate": f"{site.url}{path}"}
    entry = next(each for each in root.iter(f"{ATOM}entry") if each.findtext(f"{ATOM}id") == post["url"])
    assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated")).tzinfo is not None
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == ada.name
    rels = [link.attrib["rel"] for link in entry.findall(f"{ATOM}link")]
    assert rels == ["alternate", "enclosure", "enclosure"]
    content = entry.find(f"{ATOM}content")
    assert content.attrib["type"] == "html"
    assert_safe(content.text, photos=2)
    for words in ("Private words", "Direct words", "Gone"):
        assert words not in answer.text


class Tags(HTMLParser):
    """The tags of some HTML, and its attributes by tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def assert_safe(html: str, photos: int) -> None:
    parser = Tags()
    parser.feed(html)
    assert {tag for tag, _ in parser.found} <= {"p", "br", "a", "span", "img"}
    images = [attributes for tag, attributes in parser.found if tag == "img"]
    assert [image["alt"] for image in images] == [f"Photo {number + 1} & <more>" for number in range(photos)]
    assert all(image["src"].startswith("http") for image in images)


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_warnings_come_in_place_of_what_they_warn_of(site, kind):
    careful = site.person()
    warned = careful.publish(
        "The spider words", spoiler_text="Spiders & webs", sensitive=True, media_ids=[careful.photo()["id"]]
    )
    only = careful.publish("Plain words", sensitive=True, media_ids=[careful.photo()["id"]])
    answer, root = feed(site, f"/@{careful.name}.{kind}")
    titles = [each.text for each in root.iter() if each.tag.rpartition("}")[2] == "title"]
    assert {"Spiders & webs", "Hidden photo"} <= set(titles)
    assert "spider words" not in answer.text
    assert "Plain words" in answer.text
    assert "/media/" not in answer.text
    assert all(each["url"] in answer.text for each in (warned, only))


def test_a_feed_holds_what_is_followed_for(site):
    writer = site.person()
    unlisted = writer.publish("Quiet", visibility="unlisted")["url"]
    mine = writer.publish("Mine")["url"]
    answer, root = feed(site, f"/@{writer.name}.rss")
    assert [item.findtext("link") for item in root.iter("item")] == [mine]
    assert unlisted not in answer.text
    many = site.person()
    for number in range(25):
        many.publish(f"No. {number}")
    _, root = feed(site, f"/@{many.name}.atom")
    titles = [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]
    assert titles == [f"No. {number}" for number in range(24, 4, -1)]


def test_an_empty_feed_is_one(site):
    quiet = site.person()
    for path in (f"/@{quiet.name}.rss", "/tags/never_used.rss"):
        _, root = feed(site, path)
        assert root.find("channel/item") is None


def test_feeds_are_asked_for_again_at_no_cost(site):
    writer = site.person()
    writer.publish("Once")
    first = site.anyone.get(f"/@{writer.name}.rss")
    assert first.headers["cache-control"] == "public, max-age=300"
    again = site.anyone.get(f"/@{writer.name}.rss", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert site.anyone.get(f"/@{writer.name}.rss", headers=since).status_code == 304
    before = parsedate_to_datetime(first.headers["last-modified"]) - timedelta(seconds=1)
    since = {"If-Modified-Since": format_datetime(before, usegmt=True)}
    assert site.anyone.get(f"/@{writer.name}.rss", headers=since).status_code == 200
    writer.publish("Twice")
    news = site.anyone.get(f"/@{writer.name}.rss", headers={"If-None-Match": first.headers["etag"]})
    assert (news.status_code, "Twice" in news.text) == (200, True)


def test_there_are_no_feeds_of_nobody(site, suspended):
    for path in ("/@nobody.rss", f"/@{suspended.name}.rss", f"/@{suspended.name}.atom", "/@.rss", "/tags/.rss"):
        assert site.anyone.get(path).status_code == 404, path
    assert site.anyone.get("/tags/a%20b.atom").status_code == 404


def alternates(page) -> dict[str, str]:
    parser = Tags()
    parser.feed(page.text)
    links = [attributes for tag, attributes in parser.found if tag == "link" and attributes.get("rel") == "alternate"]
    return {link["type"]: link["href"] for link in links}


def meta(page) -> list[tuple[str, str]]:
    parser = Tags()
    parser.feed(page.text)
    found = [attributes for tag, attributes in parser.found if tag == "meta" and "content" in attributes]
    return [(each.get("property") or each.get("name"), each["content"]) for each in found]


def test_pages_lead_to_their_feeds_and_frames(site, ada, post):
    for path in (f"/@{ada.name}", "/tags/nasty"):
        found = alternates(site.anyone.get(path))
        assert found["application/rss+xml"] == f"{site.url}{path}.rss"
        assert site.anyone.get(found["application/atom+xml"]).status_code == 200
    page = site.anyone.get(f"/@{ada.name}/{post['id']}")
    there = alternates(page)["application/json+oembed"]
    assert site.anyone.get(there).json()["type"] == "rich"
    assert "application/rss+xml" not in alternates(site.anyone.get("/public"))


def test_pages_say_what_others_show_of_them(site, ada, post):
    found = meta(site.anyone.get(f"/@{ada.name}/{post['id']}"))
    said = dict(reversed(found))
    assert said["og:type"] == "article"
    assert said["og:url"] == f"{site.url}/@{ada.name}/{post['id']}"
    assert said["og:image"] == post["media_attachments"][0]["url"]
    assert said["og:image:alt"] == "Photo 1 & <more>"
    assert said["og:description"].startswith("First light")
    assert said["twitter:card"] == "summary_large_image"
    assert [name for name, _ in found].count("og:image") == 2
    said = dict(meta(site.anyone.get(f"/@{ada.name}")))
    assert (said["og:type"], said["profile:username"]) == ("profile", ada.name)
    covered = ada.publish("Words", spoiler_text="Careful", sensitive=True, media_ids=[ada.photo()["id"]])
    said = dict(meta(site.anyone.get(f"/@{ada.name}/{covered['id']}")))
    assert (said["og:description"], said["twitter:card"]) == ("Careful", "summary")
    assert "og:image" not in said


def oembed(site, url, **more):
    return site.anyone.get("/api/oembed", params={"url": url} | more)


def test_oembed(site, ada, post):
    for url in (
        post["url"],
        f"{site.url}/@{ada.name}/{post['id']}",
        f"{site.url}/@{ada.name}/{post['id']}?x=1#photo-2",
    ):
        found = oembed(site, url).json()
        assert (found["type"], found["version"], found["width"]) == ("rich", "1.0", 480)
        assert found["author_url"] == f"{site.url}/@{ada.name}"
        assert found["thumbnail_url"] == post["media_attachments"][0]["preview_url"]
    parser = Tags()
    parser.feed(found["html"])
    ((tag, frame),) = parser.found
    assert tag == "iframe"
    assert frame["src"] == f"{site.url}/@{ada.name}/{post['id']}/embed"
    assert (int(frame["width"]), int(frame["height"])) == (found["width"], found["height"])
    small = oembed(site, post["url"], maxwidth=300, maxheight=200).json()
    assert (small["width"], small["height"]) == (300, 200)
    assert oembed(site, post["url"], maxwidth=1).json()["width"] == 220
    assert oembed(site, post["url"], format="xml").status_code == 400
    assert oembed(site, post["url"], maxwidth="wide").status_code == 400
    assert site.anyone.get("/api/oembed").status_code == 400


def test_oembed_and_frame_of_nothing(site, ada, post, hidden, suspended):
    there = [f"{site.url}/@{ada.name}/{ident}" for ident in hidden]
    there += [f"{site.url}/@{suspended.name}/{suspended.post_id}", f"{site.url}/@{ada.name}/1"]
    for url in there:
        assert oembed(site, url).status_code == 404, url
        assert site.anyone.get(f"{url}/embed").status_code == 404, url
        # Nor to the author, for whom the frame would look the same.
        assert ada.get("/api/oembed", params={"url": url}).status_code == 404
    for url in ("", "x", f"{site.url}/@{ada.name}", f"https://elsewhere.example/@{ada.name}/{post['id']}", site.url):
        assert oembed(site, url).status_code == 404, url


def test_the_frame(site, ada, grace, post):
    page = site.anyone.get(f"/@{ada.name}/{post['id']}/embed")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "x-frame-options" not in page.headers
    assert "set-cookie" not in page.headers
    parser = Tags()
    parser.feed(page.text)
    tags = [tag for tag, _ in parser.found]
    assert not {"script", "form", "iframe", "style"} & set(tags)
    assert not any(name.startswith("on") or name == "style" for _, attributes in parser.found for name in attributes)
    assert tags.count("img") == 3
    (sheet,) = [each["href"] for tag, each in parser.found if tag == "link" and each["rel"] == "stylesheet"]
    assert site.anyone.get(sheet).headers["content-type"].startswith("text/css")
    elsewhere = site.anyone.get(f"/@{grace.name}/{post['id']}/embed")
    assert (elsewhere.status_code, elsewhere.headers["location"]) == (303, f"/@{ada.name}/{post['id']}/embed")
    unlisted = ada.publish("Quiet", visibility="unlisted")
    assert site.anyone.get(f"/@{ada.name}/{unlisted['id']}/embed").status_code == 200


def test_no_other_page_may_be_framed(site, ada, post):
    for path in ("/", f"/@{ada.name}", f"/@{ada.name}/{post['id']}", f"/@{ada.name}.rss", "/auth/sign_in"):
        answer = site.anyone.get(path)
        assert answer.headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_covered_post_is_covered_in_its_frame(site, ada):
    covered = ada.publish("Words", spoiler_text="Careful", sensitive=True, media_ids=[ada.photo()["id"]])
    page = site.anyone.get(f"/@{ada.name}/{covered['id']}/embed").text
    assert re.search(r"<details><summary>Careful", page)
    found = oembed(site, covered["url"]).json()
    assert found["title"] == "Careful"
    assert "thumbnail_url" not in found
