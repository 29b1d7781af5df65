"""What comes out of the darkroom: right way up, right colours, right sizes, and nothing but pixels."""

import io
import struct

import blurhash
import exifread
import pillow_heif
import pytest
from photo_inputs import BLUE, GREEN, RED, WHITE, animation, corners, encoded, near, oriented, profile, quarters
from PIL import Image, ImageCms

from heliograph.base.errors import ValidationError

COLOURS = [RED, GREEN, BLUE, WHITE]


def stripped(file):
    """Whether no metadata is left in the WebP `file`, by Pillow, by exifread and by its chunks."""
    data = file.read_bytes()
    with Image.open(file) as picture:
        info = set(picture.info) - {"loop", "background", "duration", "timestamp"}
        clean = not info and not dict(picture.getexif())
    chunks, at = set(), 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        chunks.add(kind)
        at += 8 + length + (length & 1)
    with file.open("rb") as opened:
        tags = exifread.process_file(opened)
    return clean and not tags and chunks <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}


def sizes(decoded):
    return [(variant.width, variant.height) for variant in decoded.variants]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_every_orientation_comes_out_upright(darkroom, orientation, form):
    decoded = await darkroom(oriented(orientation, form))
    assert (decoded.width, decoded.height) == (600, 400)
    assert sizes(decoded) == [(320, 213), (600, 400)]
    for index in range(2):
        assert near(corners(darkroom.output(index)), COLOURS)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
async def test_a_heic_comes_out_upright(darkroom, orientation):
    pillow_heif.register_heif_opener()
    decoded = await darkroom(oriented(orientation, "HEIF"))
    assert (decoded.width, decoded.height) == (600, 400)
    assert near(corners(darkroom.output()), COLOURS)


@pytest.mark.parametrize(
    ("name", "size"), [("landscape_3", (600, 450)), ("landscape_6", (600, 450)), ("portrait_8", (450, 600))]
)
async def test_real_photos_come_out_upright(darkroom, photos, name, size):
    decoded = await darkroom(photos / f"{name}.jpg")
    assert (decoded.width, decoded.height) == size
    with Image.open(photos / "landscape_1.jpg") as upright:
        wanted = corners(upright.resize((8, 8)))
    # The series shows the same scene in every orientation; portraits show another part of it.
    if size == (600, 450):
        assert near(corners(darkroom.output().resize((8, 8))), wanted, 25)


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((5000, 2500), [(320, 160), (640, 320), (1080, 540), (2048, 1024)]),
        ((500, 300), [(320, 192), (500, 300)]),
        ((320, 200), [(320, 200)]),
        ((50, 80), [(50, 80)]),
        ((1, 1), [(1, 1)]),
        ((3000, 3), [(320, 1), (640, 1), (1080, 1), (2048, 2)]),
        ((400, 12_000), [(32, 960), (64, 1920), (108, 3240), (205, 6144)]),
    ],
)
async def test_nothing_is_ever_scaled_up(darkroom, size, wanted):
    decoded = await darkroom(encoded(quarters(*size), "PNG"))
    assert sizes(decoded) == wanted
    assert (decoded.width, decoded.height) == size
    assert decoded.aspect == pytest.approx(size[0] / size[1])
    for index, variant in enumerate(decoded.variants):
        with darkroom.opened(index) as picture:
            assert (picture.format, picture.size) == ("WEBP", (variant.width, variant.height))
        assert (darkroom.kept / variant.file).stat().st_size == variant.size_bytes


async def test_real_jpegs_lose_all_metadata(darkroom, photos):
    for photo in sorted(photos.glob("*.jpg")):
        with photo.open("rb") as opened:
            had = exifread.process_file(opened, details=False)
        assert had or photo.name == "no_exif.jpg"
        decoded = await darkroom(photo)
        assert all(stripped(darkroom.kept / variant.file) for variant in decoded.variants)


async def test_the_place_where_it_was_taken_is_gone(darkroom, photos):
    photo = photos / "DSCN0010.jpg"
    with photo.open("rb") as opened:
        before = exifread.process_file(opened)
    assert "GPS GPSLatitude" in before
    with Image.open(photo) as picture:
        assert picture.getexif().get_ifd(0x8825)
    decoded = await darkroom(photo)
    assert len(decoded.variants) == 2
    for variant in decoded.variants:
        file = darkroom.kept / variant.file
        assert stripped(file)
        with file.open("rb") as opened:
            assert exifread.process_file(opened) == {}
        with Image.open(file) as picture:
            assert picture.getexif().get_ifd(0x8825) == {}
        assert not any(word in file.read_bytes() for word in (b"Exif", b"GPS", b"NIKON", b"COOLPIX"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_every_kind_of_metadata_is_gone(darkroom, form):
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x010E] = "SECRET-EXIF"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    options = {"exif": exif.tobytes(), "icc_profile": profile("srgb")}
    if form in {"JPEG", "WEBP"}:
        options["xmp"] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    if form == "JPEG":
        options["comment"] = b"SECRET-COMMENT"
    data = encoded(quarters(), form, **options)
    assert b"SECRET-EXIF" in data
    decoded = await darkroom(data)
    for variant in decoded.variants:
        assert stripped(darkroom.kept / variant.file)
        assert b"SECRET" not in (darkroom.kept / variant.file).read_bytes()


def as_srgb(picture, name):
    """`picture`, whose numbers are in the profile `name`, in sRGB by another library (Pillow's LittleCMS)."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile(name)))
    return ImageCms.profileToProfile(
        picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB", renderingIntent=1
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_display_p3_becomes_srgb(darkroom, form):
    pillow_heif.register_heif_opener()
    picture = quarters()
    wanted = corners(as_srgb(picture, "p3"))
    assert not near(wanted, COLOURS, 20)
    await darkroom(encoded(picture, form, icc_profile=profile("p3")))
    assert near(corners(darkroom.output()), wanted, 6)


async def test_a_broken_profile_is_passed_over(darkroom):
    await darkroom(encoded(quarters(), "PNG", icc_profile=b"not a profile" * 20))
    assert near(corners(darkroom.output()), COLOURS)


async def test_a_profile_of_another_kind_of_picture_is_passed_over(darkroom):
    await darkroom(encoded(quarters(), "PNG", icc_profile=profile("cmyk")))
    assert near(corners(darkroom.output()), COLOURS)


@pytest.mark.parametrize("icc", [None, "cmyk"])
async def test_cmyk_becomes_srgb(darkroom, icc):
    options = {"icc_profile": profile(icc)} if icc else {}
    await darkroom(encoded(quarters(mode="CMYK"), "JPEG", **options))
    red, green, blue, white = corners(darkroom.output())
    # Printing inks are duller than a screen's colours.
    assert red[0] > 150 > max(red[1:])
    assert green[1] > max(green[0], green[2]) + 35
    assert blue[2] > max(blue[:2]) + 50
    assert min(white) > 215


@pytest.mark.parametrize("mode", ["1", "L", "P"])
async def test_grey_and_palette_pictures(darkroom, mode):
    picture = quarters().quantize(8) if mode == "P" else quarters(mode=mode)
    await darkroom(encoded(picture, "PNG"))
    assert near(corners(darkroom.output()), corners(picture))


async def test_sixteen_bits_become_eight(darkroom):
    picture = Image.new("I;16", (400, 300), 0x8000)
    await darkroom(encoded(picture, "PNG"))
    assert near([darkroom.output().getpixel((5, 5))], [(128, 128, 128)], 2)


async def test_alpha_is_kept_and_its_edges_do_not_darken(darkroom):
    picture = Image.new("RGBA", (3000, 1500), (0, 0, 0, 0))
    picture.paste((250, 250, 250, 255), (1000, 0, 2000, 1500))
    for form in ("PNG", "WEBP"):
        await darkroom(encoded(picture, form, **({"lossless": True} if form == "WEBP" else {})))
        for index in range(4):
            with darkroom.opened(index) as output:
                assert output.mode == "RGBA"
                colours = [pixel for pixel in output.get_flattened_data() if pixel[3] > 40]
                assert min(min(pixel[:3]) for pixel in colours) > 225
                assert output.getpixel((2, 2))[3] == 0
                assert output.getpixel((output.width // 2, 2))[3] == 255


async def test_an_alpha_that_hides_nothing_is_dropped(darkroom):
    await darkroom(encoded(quarters(mode="RGBA"), "PNG"))
    assert darkroom.output().mode == "RGB"


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"quality": 10}, {"restart_marker_rows": 1}]
)
async def test_kinds_of_jpeg(darkroom, options):
    await darkroom(encoded(quarters(2400, 1600), "JPEG", **options))
    assert near(corners(darkroom.output()), COLOURS, 20)


async def test_a_large_jpeg_keeps_its_detail(darkroom, photos):
    await darkroom(photos / "jolla.jpg")
    with Image.open(photos / "jolla.jpg") as original:
        wanted = original.convert("RGB").resize((2048, 1536), Image.Resampling.LANCZOS)
    output = darkroom.output().convert("RGB")
    assert output.size == wanted.size
    pairs = zip(wanted.tobytes(), output.tobytes(), strict=True)
    error = sum((a - b) ** 2 for a, b in pairs) / (2048 * 1536 * 3)
    assert error < 20  # 35 dB


async def test_a_real_heic(darkroom, photos):
    decoded = await darkroom(photos / "IMG_5195.HEIC")
    assert (decoded.width, decoded.height) == (2566, 3313)
    assert sizes(decoded) == [(320, 413), (640, 826), (1080, 1394), (2048, 2644)]
    assert all(stripped(darkroom.kept / variant.file) for variant in decoded.variants)
    pillow_heif.register_heif_opener()
    with Image.open(photos / "IMG_5195.HEIC") as original:
        icc = ImageCms.ImageCmsProfile(io.BytesIO(original.info["icc_profile"]))
        small = original.convert("RGB").resize((64, 64))
    wanted = ImageCms.profileToProfile(small, icc, ImageCms.createProfile("sRGB"), renderingIntent=1)
    assert near(corners(darkroom.output().resize((64, 64))), corners(wanted), 12)


async def test_a_heic_of_ten_bits(darkroom):
    words = b"".join(struct.pack("<H", value * 257) for value in quarters(320, 320).tobytes())
    out = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (320, 320), words).save(out)
    await darkroom(out.getvalue())
    assert near(corners(darkroom.output()), COLOURS, 20)


@pytest.mark.parametrize(("form", "plays"), [("GIF", 4), ("WEBP", 3)])  # a GIF counts repetitions, a WebP plays
async def test_an_animation_stays_one(darkroom, form, plays):
    decoded = await darkroom(animation(form, frames=6, size=(700, 100)))
    assert decoded.animated
    assert (decoded.width, decoded.height) == (700, 100)
    assert sizes(decoded) == [(320, 46), (640, 91), (700, 100)]
    for index, (width, height) in enumerate(sizes(decoded)):
        with darkroom.opened(index) as output:
            assert (output.n_frames, output.size, output.info["loop"]) == (6, (width, height), plays)
            for frame in range(6):
                output.seek(frame)
                output.load()
                assert output.info["duration"] == 70
                edges = [output.convert("RGB").getpixel((width // 2, y)) for y in (0, height - 1)]
                assert near(edges, [(30 * frame, 255 - 30 * frame, 100)] * 2, 14)
        assert stripped(darkroom.kept / decoded.variants[index].file)


async def test_a_still_gif(darkroom):
    decoded = await darkroom(encoded(quarters().quantize(8), "GIF"))
    assert not decoded.animated
    assert near(corners(darkroom.output()), COLOURS)


async def test_a_transparent_gif(darkroom):
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.paste(1, (0, 0, 20, 40))
    await darkroom(encoded(picture, "GIF", transparency=1))
    assert darkroom.output().getpixel((5, 5))[3] == 0
    assert darkroom.output().getpixel((35, 5))[3] == 255


async def test_an_animated_png_gives_its_still_picture(darkroom):
    frames = [Image.new("RGB", (60, 40), colour) for colour in (RED, GREEN)]
    decoded = await darkroom(encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert not decoded.animated
    assert near([darkroom.output().getpixel((5, 5))], [RED])


@pytest.mark.parametrize(("size", "components"), [((600, 400), (4, 3)), ((400, 600), (3, 4))])
async def test_the_blurhash_resembles_the_photo(darkroom, size, components):
    decoded = await darkroom(encoded(quarters(*size), "JPEG"))
    assert blurhash.components(decoded.blurhash) == components
    rows = blurhash.decode(decoded.blurhash, 8, 8)
    red, green, blue, white = (rows[y][x] for y in (1, 6) for x in (1, 6))
    assert red[0] > 180 > 40 > max(red[1:])
    assert green[1] == max(green)
    assert blue[2] == max(blue)
    assert min(white) > 180


async def test_the_childs_own_figures_come_along(darkroom):
    decoded = await darkroom(encoded(quarters(), "JPEG"))
    assert 10_000 < decoded.peak_kib < 60_000
    assert 0 < decoded.cpu_s < 5


async def test_a_file_that_is_no_photo_starts_no_child(darkroom):
    with pytest.raises(ValidationError, match="a text file"):
        await darkroom(b"hello world\n" * 100)
