"""Photos through the API: what is refused and when, who may touch them, how they are served, what remains."""

import io
import struct
import threading
import zlib

import httpx
import pytest
from living_site import Person, jpeg, until
from PIL import Image

SETTINGS = {"upload_max_bytes": 300_000, "upload_max_megapixels": 2}
MEDIA = "/api/v2/media"


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it has this size, whatever it holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def broken(whole: bytes) -> bytes:
    """A photo whose header is fine and whose middle is gone."""
    return whole[: len(whole) // 2]


AT_ONCE = {
    "nothing": (b"", "empty"),
    "text": (b"I am no photo, whatever my name is.\n" * 20, "text"),
    "html": (b"<!doctype html><script>alert(1)</script>", "not a photo"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not a photo"),
    "pdf": (b"%PDF-1.7\n" + b"x" * 100, "not a photo"),
    "too many bytes": (jpeg() + b"\0" * 300_000, "too large"),
    "too many pixels": (png_of(2000, 1001), "megapixels"),
    "a bomb": (png_of(60_000, 60_000), "megapixels"),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_refused_at_once(ada, name):
    data, sentence = AT_ONCE[name]
    before = ada.site.stored()
    answer = ada.post(MEDIA, files={"file": ("photo.jpg", data, "image/jpeg")})
    assert answer.status_code == 422, answer.text
    assert sentence in answer.json()["error"]
    assert ada.post("/api/v1/media", files={"file": ("photo.jpg", data)}).status_code == 422
    assert ada.site.stored() == before
    assert not ada.site.scratch()


@pytest.mark.parametrize("name", ["truncated", "no pixels"])
def test_refused_after_decoding(ada, name):
    whole = io.BytesIO()
    Image.effect_noise((300, 300), 90).convert("RGB").save(whole, "PNG")
    data = broken(whole.getvalue()) if name == "truncated" else png_of(100, 100, b"xx")
    upload = ada.upload(data)
    assert upload.status_code == 202
    ident = upload.json()["id"]
    answer = until(lambda: (a := ada.get(f"/api/v1/media/{ident}")).status_code != 206 and a)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert ada.post("/api/v1/statuses", json={"media_ids": [ident]}).status_code == 422
    waited = ada.post("/api/v1/media", files={"file": ("a.png", data)})
    assert (waited.status_code, waited.json()["error"]) == (422, answer.json()["error"])
    ada.site.settled()
    until(lambda: not ada.site.scratch())
    assert not [name for name in ada.site.stored() if name.startswith("incoming/")]


def test_from_202_over_206_to_200(ada):
    upload = ada.upload(jpeg(700, 500), description="A plane of teal")
    assert (upload.status_code, upload.json()["url"]) == (202, None)
    ready = ada.ready(upload.json()["id"])
    assert ready["description"] == "A plane of teal"
    assert (ready["meta"]["original"]["width"], ready["meta"]["original"]["height"]) == (700, 500)
    assert ready["meta"]["small"]["width"] == 640


def test_v1_waits(ada):
    answer = ada.post("/api/v1/media", files={"file": ("a.jpg", jpeg())}, data={"focus": "0.1,-1"})
    assert (answer.status_code, answer.json()["meta"]["focus"]) == (200, {"x": 0.1, "y": -1.0})
    assert answer.json()["url"]


@pytest.mark.parametrize(
    ("values", "status", "sentence"),
    [
        ({"description": "x" * 1501}, 422, "longer than 1500"),
        ({"focus": "2,0"}, 400, "two numbers from -1 to 1"),
        ({"focus": "nan,0"}, 400, "two numbers from -1 to 1"),
        ({"focus": "1"}, 400, "two numbers from -1 to 1"),
        ({"focus": "1,1,1"}, 400, "two numbers from -1 to 1"),
    ],
)
def test_wrong_words_about_a_photo(ada, values, status, sentence):
    before = ada.site.stored()
    ready = ada.photo()["id"]
    stored = ada.site.stored()
    uploaded = ada.post(MEDIA, files={"file": ("a.jpg", jpeg())}, data=values)
    changed = ada.ask("PUT", f"/api/v1/media/{ready}", json=values)
    for answer in (uploaded, changed):
        assert answer.status_code == status
        assert sentence in answer.json()["error"]
    assert ada.site.stored() == stored != before


def test_a_file_that_is_none(ada):
    for body in ({"data": {"file": "text"}}, {"json": {"file": "x"}}, {"files": {"other": ("a.jpg", jpeg())}}, {}):
        answer = ada.post(MEDIA, **body)
        assert answer.status_code == 422, answer.text
        assert "file is missing" in answer.json()["error"]


def test_a_long_description_in_any_script(ada):
    text = "ش" * 1500
    assert ada.photo(description=text)["description"] == text


def test_the_photo_of_somebody_else(ada, grace):
    hers = grace.photo()["id"]
    path = f"/api/v1/media/{hers}"
    assert ada.get(path).status_code == 404
    assert ada.ask("PUT", path, json={"description": "mine"}).status_code == 404
    taken = ada.post("/api/v1/statuses", json={"status": "x", "media_ids": [hers]})
    assert (taken.status_code, "no photo" in taken.json()["error"]) == (422, True)
    assert grace.get(path).json()["description"] is None
    for ident in ("1", "abc", "0", str(2**63), "%00"):
        assert ada.get(f"/api/v1/media/{ident}").status_code == 404


@pytest.fixture(scope="module")
def served(ada: Person) -> str:
    return ada.photo(jpeg(800, 600))["url"]


def test_how_photos_are_served(served):
    answer = httpx.get(served)
    assert answer.status_code == 200
    wanted = {
        "content-type": "image/webp",
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        "access-control-allow-origin": "*",
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert "sandbox" in answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    headed = httpx.head(served)
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == answer.headers["content-length"]
    assert headed.headers["etag"] == answer.headers["etag"]
    Image.open(io.BytesIO(answer.content)).load()


def test_parts_and_conditions(served):
    whole = httpx.get(served)

    def ask(**headers):
        return httpx.get(served, headers={name.replace("_", "-"): value for name, value in headers.items()})

    part = ask(range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert ask(range="bytes=-5").content == whole.content[-5:]
    assert ask(range=f"bytes={len(whole.content)}-").status_code == 416
    assert ask(range="bytes=5-1").status_code == 200
    same = ask(if_none_match=whole.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["cache-control"] == whole.headers["cache-control"]
    assert ask(if_none_match='"other"').status_code == 200
    assert ask(if_modified_since=whole.headers["last-modified"]).status_code == 304


def test_what_is_no_photo_is_not_served(ada, served):
    base = served.rpartition("/")[0]
    root = f"{ada.site.url}/media"
    for address in (
        f"{base}/0.webp", f"{base}/", base, f"{base}/../../../../etc/passwd", f"{root}/..%2f..%2fetc/passwd",
        f"{root}/%2e%2e/incoming", f"{root}//etc/passwd", f"{root}/%00", root, f"{root}/incoming/x", f"{served}/x",
    ):  # fmt: skip
        answer = httpx.get(address)
        assert answer.status_code == 404, address
        assert "x-content-type-options" in answer.headers


def test_waiting_uploads_have_no_address(ada):
    ada.site.settled()
    # Stopped between upload and decoding: the object lies under incoming/.
    incoming = ada.site.folder / "media" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    (incoming / "secret").write_bytes(jpeg())
    try:
        for path in ("/media/incoming/secret", "/media/../incoming/secret", "/media/media/../incoming/secret"):
            assert httpx.get(ada.site.url + path).status_code == 404
    finally:
        (incoming / "secret").unlink()


def test_a_deleted_post_takes_its_photos_along(ada):
    site = ada.site
    site.settled()
    before = site.stored()
    photo = ada.photo(jpeg(700, 700))
    post = ada.publish("Going", media_ids=[photo["id"]])
    assert len(site.stored()) > len(before)
    assert httpx.get(photo["url"]).status_code == 200
    assert ada.ask("DELETE", f"/api/v1/statuses/{post['id']}?delete_media=true").status_code == 200
    until(lambda: site.stored() == before)
    assert httpx.get(photo["url"]).status_code == 404
    assert ada.get(f"/api/v1/media/{photo['id']}").status_code == 404


def test_delete_and_redraft(ada):
    """As apps do it: the photos of the answer go into the next post."""
    photo = ada.photo(jpeg(70, 71))
    post = ada.publish("Whit a typo", media_ids=[photo["id"]])
    deleted = ada.ask("DELETE", f"/api/v1/statuses/{post['id']}").json()
    kept = [each["id"] for each in deleted["media_attachments"]]
    assert kept == [photo["id"]]
    again = ada.publish("With no typo", media_ids=kept)
    ada.site.settled()
    assert [each["id"] for each in ada.get(f"/api/v1/statuses/{again['id']}").json()["media_attachments"]] == kept
    assert httpx.get(photo["url"]).status_code == 200
    assert ada.get(f"/api/v1/statuses/{post['id']}").status_code == 404


def test_orphans_are_swept_and_used_photos_stay(ada, monkeypatch):
    site = ada.site
    used, orphan, fresh = (ada.photo(jpeg(50 + n, 50)) for n in range(3))
    ada.publish("Keep it", media_ids=[used["id"]])
    site.settled()
    # As if all that was uploaded before `fresh` were a day old.
    monkeypatch.setattr("heliograph.domain.media.uploads.ids.first_at", lambda _: int(fresh["id"]) >> 22 << 22)
    assert site.run(site.product.uploads.sweep()) >= 1
    monkeypatch.undo()
    site.settled()
    assert [httpx.get(photo["url"]).status_code for photo in (used, orphan, fresh)] == [200, 404, 200]
    assert ada.get(f"/api/v1/media/{orphan['id']}").status_code == 404


def test_uploads_that_break_off_leave_nothing(ada):
    """Several at once, each ended by its client in the middle."""
    site = ada.site
    site.settled()
    before = site.stored()

    def stream():
        yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + jpeg(300, 300)
        raise ConnectionAbortedError

    def send():
        headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "multipart/form-data; boundary=B"}
        with pytest.raises(ConnectionAbortedError), httpx.Client(base_url=site.url) as client:
            client.post(MEDIA, content=stream(), headers=headers)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: not site.scratch())
    assert site.stored() == before
