"""What is refused at the door, and what is let in, by the header alone."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from heliograph.base.errors import ValidationError
from heliograph.base.settings import Settings
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.sniff import Sniffed, sniff

LIMITS = Limits(max_bytes=2_000_000, max_pixels=1_000_000)


def encoded(form, size=(40, 30), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, 128).save(out, form, **options)
    return out.getvalue()


def animated(form, frames, size=(40, 30)):
    out = io.BytesIO()
    pictures = [Image.new("RGB", size, (9 * n % 256, 80, 20)) for n in range(frames)]
    pictures[0].save(out, form, save_all=True, append_images=pictures[1:], duration=50)
    return out.getvalue()


def png_header(width, height):
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def heic(*extents, brands=b"heic\0\0\0\0mif1heic", data=b"x" * 64, claimed=64):
    """A HEIC header with an `ispe` for each of `extents`, and an `iloc` that claims `claimed` bytes of data."""
    sizes = b"".join(box(b"ispe", struct.pack(">III", 0, *extent)) for extent in extents)
    properties = box(b"iprp", box(b"ipco", sizes))

    def meta(offset):
        iloc = box(b"iloc", struct.pack(">IBBH HHHII", 0, 0x44, 0, 1, 1, 0, 1, offset, claimed))
        return box(b"ftyp", brands) + box(b"meta", b"\0\0\0\0" + properties + iloc)

    start = len(meta(0)) + 8
    return meta(start) + box(b"mdat", data)


@pytest.fixture
def look(tmp_path):
    def look(data, limits=LIMITS):
        file = tmp_path / "upload.jpg"
        file.write_bytes(data)
        return sniff(file, limits)

    return look


@pytest.fixture
def refused(look):
    def refused(data, limits=LIMITS):
        with pytest.raises(ValidationError) as caught:
            look(data, limits)
        assert caught.value.details == {"file": [("ERR_INVALID", caught.value.message)]}
        return caught.value.message

    return refused


ACCEPTED = {
    "jpeg": encoded("JPEG"),
    "jpeg progressive": encoded("JPEG", progressive=True),
    "jpeg with 200 kB of metadata": encoded("JPEG", icc_profile=b"x" * 200_000),
    "png": encoded("PNG"),
    "png palette": encoded("PNG", mode="P"),
    "webp lossy": encoded("WEBP", quality=80),
    "webp lossless": encoded("WEBP", lossless=True),
    "webp alpha": encoded("WEBP", mode="RGBA"),
    "gif": encoded("GIF"),
    "heic": heic((40, 30)),
    "heic grid": heic((16, 16), (40, 30), (8, 8)),
    "heic mif1": heic((40, 30), brands=b"mif1\0\0\0\0mif1heic"),
    "heic sequence": heic((40, 30), brands=b"msf1\0\0\0\0msf1hevc"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_each_format_is_known_with_its_size(look, name):
    data = ACCEPTED[name]
    assert look(data) == Sniffed(name.split()[0], 40, 30, 1, len(data))


def test_frames_are_counted(look):
    assert look(animated("GIF", 7)).frames == 7
    assert look(animated("WEBP", 7)).frames == 7


def test_the_smallest_webp_is_not_truncated(look):
    assert look(encoded("WEBP", (1, 1), lossless=True)).width == 1


STRANGERS = {
    "a text file": b"Dear diary, today I took no photo.\n" * 50,
    "a text file, cut in a character": ("ü" * 600).encode(),
    "a text file, short": b"x",
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a web page": b"\xef\xbb\xbf <!DOCTYPE html><p>hello",
    "an XML document": b'<?xml version="1.0"?><rss/>',
    "a PDF document": b"%PDF-1.7\n\x00\x01",
    "a ZIP archive": b"PK\x03\x04\x00\x00",
    "a BMP picture": encoded("BMP"),
    "a TIFF picture": encoded("TIFF"),
    "an AVIF picture": heic((40, 30), brands=b"avif\0\0\0\0mif1miaf"),
    "an AVIF picture, mif1": heic((40, 30), brands=b"mif1\0\0\0\0mif1avif"),
    "a video": heic((40, 30), brands=b"isom\0\0\0\0isommp42"),
    "a JPEG XL picture": b"\xff\x0a\x01\x02\x03",
    "a program": b"\x7fELF\x02\x01\x01",
    "of an unknown type": bytes(range(200, 256)) * 4,
    "of an unknown type: all zero": bytes(4096),
    "of an unknown type: PNG, wrong magic": b"\x89PNG\n" + png_header(4, 4)[6:],
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_no_photo_is_named(refused, name):
    words = name.split(",")[0].split(":")[0]
    message = refused(STRANGERS[name])
    assert message.startswith(f"The file is {words}")
    assert message.endswith("JPEG, PNG, WebP, GIF or HEIC was expected.")


def test_zero_bytes(refused):
    assert refused(b"") == "The file is empty (0 bytes): a photo was expected."


def test_over_the_size_limit(refused):
    limits = Limits(max_bytes=2 * 1024 * 1024)
    message = refused(encoded("JPEG") + bytes(3 * 1024 * 1024), limits)
    assert message == "The photo is too large: 3.0 MiB, but at most 2.0 MiB is accepted."


def test_at_the_size_limit(look):
    data = encoded("JPEG")
    assert look(data, Limits(max_bytes=len(data))).kind == "jpeg"


BOMBS = {
    "png": png_header(100_000, 100_000),
    "png, widest": png_header(2**31 - 1, 2**31 - 1),
    "png, one line": png_header(900_000, 1),
    "jpeg": encoded("JPEG").replace(struct.pack(">HH", 30, 40), struct.pack(">HH", 65_000, 65_000), 1),
    "gif": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + encoded("GIF")[10:],
    "gif, frame out of the screen": encoded("GIF").replace(
        b"," + struct.pack("<HHHH", 0, 0, 40, 30), b"," + struct.pack("<HHHH", 0, 0, 65_000, 65_000)
    ),
    "webp": encoded("WEBP", mode="RGBA", quality=50).replace(b"\x27\0\0\x1d\0\0", b"\xff\xff\xff\xff\xff\xff", 1),
    "webp lossless": encoded("WEBP", lossless=True)[:21] + b"\xff\xff\xff\x0f" + encoded("WEBP", lossless=True)[25:],
    "heic": heic((60_000, 60_000)),
    "heic, huge tile": heic((40, 30), (60_000, 60_000)),
    "heic, largest": heic((2**32 - 1, 2**32 - 1)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_by_declared_size(refused, name):
    message = refused(BOMBS[name])
    assert message.startswith("The photo is too large:")
    assert "pixels" in message


def test_one_pixel_over_the_limit(look, refused):
    assert look(png_header(1000, 1000)).width == 1000
    assert refused(png_header(1000, 1001)) == (
        "The photo is too large: 1000 x 1001 pixels (1.0 megapixels), but at most 1 megapixels are accepted."
    )


def test_the_setting_decides(look, refused):
    setting = Limits.of(
        Settings(upload_max_megapixels=2, upload_max_bytes=1000, decode_memory_mb=77, decode_timeout_s=9)
    )
    assert setting == Limits(max_bytes=1000, max_pixels=2_000_000, memory_mb=77, timeout_s=9)
    assert look(png_header(2000, 1000), setting).width == 2000
    assert "at most 2 megapixels" in refused(png_header(2001, 1000), setting)


def test_an_animation_counts_all_its_frames(look, refused):
    data = animated("GIF", 40)
    assert look(data, Limits(max_pixels=40 * 1200)).frames == 40
    message = refused(data, Limits(max_pixels=40 * 1200 - 1))
    assert message.startswith("The animation is too large: 40 frames of 40 x 30 pixels")
    assert refused(animated("WEBP", 40), Limits(max_pixels=40 * 1200 - 1)).startswith("The animation is too large")


def test_a_gif_with_a_million_frames_is_refused_fast(refused):
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    started = time.monotonic()
    message = refused(b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + frame * 1_000_000 + b";", Limits())
    assert message == "The animation is too long: it has more than 2000 frames."
    assert time.monotonic() - started < 1


TRUNCATED = {
    "jpeg": encoded("JPEG")[:30],
    "png": png_header(4, 4)[:20],
    "webp": encoded("WEBP", (200, 200), quality=90)[:-10],
    "webp, animated": animated("WEBP", 5)[:-30],
    "gif": encoded("GIF")[:-5],
    "gif, no frame": encoded("GIF")[:13],
    "heic": heic((40, 30))[:-30],
    "heic, no data": heic((40, 30), claimed=10_000),
    "heic, in its header": heic((40, 30))[:60],
}


@pytest.mark.parametrize("name", TRUNCATED)
def test_truncated_headers(refused, name):
    assert refused(TRUNCATED[name]).startswith("The photo is truncated:")


DAMAGED = {
    "no size": png_header(0, 4),
    "png without IHDR": b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IDAT") + bytes(20),
    "jpeg without frame": b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9",
    "jpeg, garbage": b"\xff\xd8\xff\xe0\x00\x04ab" + b"garbage!" * 20,
    "webp of nothing": b"RIFF" + struct.pack("<I", 100) + b"WEBPJUNK" + bytes(100),
    "gif, garbage": encoded("GIF")[:13] + b"garbage!" * 20,
    "heic without size": heic(),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_headers_that_make_no_sense(refused, name):
    assert refused(DAMAGED[name]).startswith("The photo is damaged:")


SLOW = {
    "gif, tiny blocks": b"GIF89a" + bytes(7) + b"!\xfe" + b"\x01a" * 5_000_000,
    "gif, empty extensions": b"GIF89a" + bytes(7) + b"!\xfe\x00" * 5_000_000,
    "jpeg, tiny segments": b"\xff\xd8" + b"\xff\xfe\x00\x02" * 3_000_000,
    "jpeg, fill bytes": b"\xff\xd8" + b"\xff" * 10_000_000,
    "heic, endless lists": box(b"ftyp", b"heic\0\0\0\0mif1heic")
    + box(b"meta", bytes(4) + box(b"iloc", bytes(6) + b"\xff\xff" + struct.pack(">HHH", 1, 0, 65_535) * 65_535)),
    "heic, tiny boxes": box(b"ftyp", b"heic\0\0\0\0mif1heic") + b"\0\0\0\x08free" * 1_000_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_no_header_takes_long(refused, name):
    started = time.process_time()
    refused(SLOW[name], Limits())
    assert time.process_time() - started < 1
