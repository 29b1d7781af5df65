"""Files that nobody asked for, and pictures whose profile was refused, take no place on the disk."""

import hashlib
import hmac

from living_site import jpeg

MIB = 1024 * 1024
PART = b'--B\r\nContent-Disposition: form-data; name="f%d"; filename="x"\r\n\r\n'
KIND = {"Content-Type": "multipart/form-data; boundary=B"}


def written(folder):
    """The bytes of uploads in `folder`; asked again while something in it goes as we look."""
    while True:
        try:
            return sum(path.stat().st_size for path in folder.rglob("upload-*"))
        except FileNotFoundError:
            continue


def test_files_that_nobody_asked_for_are_not_written(site):
    largest = 0

    def body():
        nonlocal largest
        for number in range(3):
            yield PART % number
            for _ in range(3):
                yield bytes(MIB)
                largest = max(largest, written(site.folder / "scratch"))
            yield b"\r\n"
        yield b"--B--\r\n"

    assert site.http.post("/api/v1/apps", content=body(), headers=KIND).status_code == 413
    assert largest == 0
    app = {"client_name": "A client", "redirect_uris": "app://x"}
    assert site.http.post("/api/v1/apps", data=app, files={"logo": ("a.png", b"small")}).status_code == 200


def test_a_refused_profile_leaves_no_picture(site):
    person = site.person()
    cookie = site.run(site.product.sessions.start(person.id, "x"))
    token = hmac.new(cookie.encode(), b"heliograph form", hashlib.sha256).hexdigest()
    site.settled()
    before = site.stored()
    refused = (
        ({"note": "x" * 501}, {"avatar": ("a.jpg", jpeg())}),
        ({}, {"avatar": ("a.jpg", jpeg()), "header": ("h.jpg", b"no picture")}),
    )
    for form, files in refused:
        answer = site.http.post(
            "/settings/profile",
            data={"csrf_token": token} | form,
            files=files,
            headers={"Cookie": f"heliograph_session={cookie}"},
        )
        assert answer.status_code == 422
        site.settled()
        assert site.stored() == before
