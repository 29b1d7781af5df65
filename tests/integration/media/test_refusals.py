"""What only decoding can find: each is refused with its sentence, and nothing is left of it."""

import json
import struct
import zlib

import photo_inputs
import pillow_heif
import pytest
from photo_inputs import animation, encoded, png_chunk, quarters

from heliograph.base.errors import ValidationError
from heliograph.domain.media import headers, sniff
from heliograph.domain.media.decode import ENVIRONMENT
from heliograph.domain.media.limits import Limits

TRUNCATED = "The photo is truncated: the file ends before the picture does. Please upload it again."
DAMAGED = "The photo is damaged or incomplete: it could not be decoded to its end."


@pytest.fixture
def refused(darkroom):
    async def refused(data, limits=None):
        with pytest.raises(ValidationError) as caught:
            await darkroom(data, limits)
        assert caught.value.details == {"file": [("ERR_INVALID", caught.value.message)]}
        return caught.value.message

    return refused


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
async def test_a_truncated_jpeg(refused, options, kept):
    data = encoded(quarters(1200, 800), "JPEG", **options)
    assert await refused(data[: int(len(data) * kept)]) == TRUNCATED


async def test_a_jpeg_that_lacks_only_its_end_marker_is_truncated(refused):
    assert await refused(encoded(quarters(), "JPEG")[:-2]) == TRUNCATED


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
async def test_a_truncated_png(refused, mode, kept):
    data = encoded(quarters(1200, 800, mode), "PNG", compress_level=0)
    assert await refused(data[: int(len(data) * kept)]) in {TRUNCATED, DAMAGED}


@pytest.mark.parametrize("options", [{}, {"lossless": True}])
async def test_a_truncated_webp_even_when_its_header_is_mended(refused, options):
    data = encoded(quarters(1200, 800), "WEBP", **options)
    cut = data[: len(data) * 2 // 3 & ~1]
    assert await refused(cut) == TRUNCATED
    mended = b"RIFF" + struct.pack("<I", len(cut) - 8) + cut[8:16] + struct.pack("<I", len(cut) - 20) + cut[20:]
    assert await refused(mended) in {TRUNCATED, DAMAGED}


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
async def test_a_truncated_animation(refused, form):
    data = animation(form)
    assert await refused(data[: len(data) * 2 // 3]) == TRUNCATED


async def test_a_truncated_gif_that_looks_whole(refused):
    data = encoded(quarters().quantize(8), "GIF")
    blocks = data.index(b",") + 11
    assert await refused(data[: blocks + 100 - 1] + b"\x00;") in {TRUNCATED, DAMAGED}


async def test_a_truncated_heic(refused):
    data = drawn_heic()
    for kept in (0.3, 0.6, 0.95):
        assert await refused(data[: int(len(data) * kept)]) == TRUNCATED


async def test_a_real_heic_that_is_truncated_is_not_half_shown(refused, photos):
    data = (photos / "IMG_5195.HEIC").read_bytes()
    for kept in (0.1, 0.5, 0.99):
        assert await refused(data[: int(len(data) * kept)]) == TRUNCATED


async def test_real_jpegs_that_are_truncated(refused, photos):
    for name in ("DSCN0010.jpg", "canon-ixus.jpg", "no_exif.jpg"):
        data = (photos / name).read_bytes()
        assert await refused(data[: len(data) // 2]) == TRUNCATED


def drawn_heic():
    pillow_heif.register_heif_opener()
    return encoded(quarters(), "HEIF")


async def test_a_heic_of_rubbish(refused):
    data = drawn_heic()
    start = data.index(b"mdat") + 4
    assert await refused(data[:start] + b"\xa5" * (len(data) - start)) in {DAMAGED, TRUNCATED}


def png(width, height, body, *before):
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", ihdr), *before, png_chunk(b"IDAT", body), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


async def test_a_png_whose_data_unpacks_to_more_than_its_size(darkroom):
    """A zip bomb in the pixels: what is beyond the declared size is never unpacked."""
    rows = (b"\x00" + bytes(3 * 100)) * 100
    packer = zlib.compressobj(9)
    body = packer.compress(rows) + b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(body) < 500_000
    decoded = await darkroom(png(100, 100, body))
    assert (decoded.width, decoded.height) == (100, 100)
    assert decoded.peak_kib < 60_000


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
async def test_a_png_with_a_bomb_in_its_metadata(darkroom, kind):
    bomb = zlib.compress(bytes(300 << 20), 9)
    head = {b"zTXt": b"Comment\0\0", b"iCCP": b"icc\0\0", b"iTXt": b"Comment\0\1\0\0\0"}[kind]
    rows = zlib.compress((b"\x00" + bytes(3 * 100)) * 100)
    try:
        decoded = await darkroom(png(100, 100, rows, png_chunk(kind, head + bomb)))
    except ValidationError:
        return
    assert decoded.peak_kib < 330 * 1024


async def test_a_png_with_too_few_rows(refused):
    rows = zlib.compress((b"\x00" + bytes(3 * 100)) * 50)
    assert await refused(png(100, 100, rows)) in {DAMAGED, TRUNCATED}


async def test_a_png_with_a_wrong_check_sum(refused):
    data = encoded(quarters(), "PNG")
    at = data.index(b"IDAT") + 20
    assert await refused(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]) in {DAMAGED, TRUNCATED}


async def test_only_a_header(refused):
    assert await refused(png(50, 50, b"")) in {DAMAGED, TRUNCATED}


async def test_more_pixels_than_the_header_said(refused, monkeypatch):
    """The decoder counts again: a door that was deceived is not the only guard."""
    data = encoded(quarters(2000, 1000), "PNG")
    monkeypatch.setitem(sniff.READERS, "png", lambda _file: headers.Extent(10, 10))
    message = await refused(data, Limits(max_pixels=1_000_000))
    assert message == "The photo is too large: it has more than 1 megapixels, whatever its header says."
    monkeypatch.setitem(sniff.READERS, "heic", lambda _file: headers.Extent(10, 10))
    assert "more than 0.1 megapixels" in await refused(drawn_heic(), Limits(max_pixels=100_000))
    monkeypatch.setitem(sniff.READERS, "gif", lambda _file: headers.Extent(10, 10, 2))
    assert "more than 0.1 megapixels" in await refused(animation("GIF"), Limits(max_pixels=100_000))


@pytest.mark.parametrize("form", ["svg", "TIFF", "GIF", "PPM"])
def test_a_loader_other_than_the_sniffed_types_never_runs(tmp_path, form):
    """The child is told JPEG: another format must not be picked by its content."""
    file = tmp_path / "upload"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    file.write_bytes(svg if form == "svg" else encoded(quarters(), form))
    request = {"kind": "jpeg", "path": str(file), "out_dir": str(tmp_path), "animated": False, "max_pixels": 10**6}
    done = photo_inputs.run_child(request | {"memory_mb": 330, "timeout_s": 10}, ENVIRONMENT)
    assert done["status"] == 3
    assert json.loads(done["told"])["reason"] == "damaged"
    assert list(tmp_path.iterdir()) == [file]
