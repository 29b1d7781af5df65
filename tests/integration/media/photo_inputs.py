"""Photos drawn by code, and what tests ask of decoded ones."""

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pyvips
from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 40), (30, 50, 200), (240, 240, 240)
# EXIF 2.32, tag 274: what was done to the upright picture to get what is stored.
UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width=600, height=400, mode="RGB"):
    """Red, green, blue and white quarters, from the top left row by row: every way of turning it is told apart."""
    picture = Image.new("RGB", (width, height), WHITE)
    for place, colour in (((0, 0), RED), ((width // 2, 0), GREEN), ((0, height // 2), BLUE)):
        picture.paste(colour, (*place, place[0] + width // 2, place[1] + height // 2))
    return picture.convert(mode)


def corners(picture):
    """The colours in the middle of the four quarters."""
    width, height = picture.size
    return [picture.convert("RGB").getpixel((x * width // 4, y * height // 4)) for y in (1, 3) for x in (1, 3)]


def near(seen, wanted, tolerance=12):
    """Whether two lists of colours are alike."""
    return all(
        abs(a - b) <= tolerance for one, two in zip(seen, wanted, strict=True) for a, b in zip(one, two, strict=True)
    )


def encoded(picture, form, **options):
    """`picture` as the bytes of a file."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def oriented(orientation, form="JPEG", **options):
    """`quarters()`, stored as a camera held that way would, with the EXIF tag that says so."""
    picture = quarters()
    if UNDO[orientation] is not None:
        picture = picture.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, form, exif=exif.tobytes(), **options)


def animation(form, frames=6, size=(200, 100), duration=70):
    """Frames of one colour each, so that bleeding between frames shows."""
    pictures = [Image.new("RGB", size, (30 * n, 255 - 30 * n, 100)) for n in range(frames)]
    extra = {"lossless": True} if form == "WEBP" else {}
    return encoded(pictures[0], form, save_all=True, append_images=pictures[1:], duration=duration, loop=3, **extra)


def profile(name):
    """An ICC profile that libvips knows by name: srgb, p3 or cmyk."""
    return bytes(pyvips.Operation.call("profile_load", name))


def png_chunk(kind, body):
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def huge(width, height, bands=3):
    """A picture of some detail, cheap to make at 50 megapixels."""
    tile = pyvips.Image.new_from_memory(quarters(256, 256).tobytes(), 256, 256, 3, "uchar")
    noisy = (tile + pyvips.Image.gaussnoise(256, 256, sigma=8)).cast("uchar").copy_memory()
    picture = noisy.replicate(width // 256 + 1, height // 256 + 1).crop(0, 0, width, height)
    return (
        picture.copy(interpretation="srgb") if bands == 3 else picture.bandjoin(picture[0]).copy(interpretation="srgb")
    )


LAUNCHER = """
import json, os, subprocess, sys
request = json.dumps(json.loads(sys.argv[-1]) | {"parent": os.getpid()})
child = subprocess.Popen([*sys.argv[2:-1], request], stdout=subprocess.PIPE, env=json.loads(sys.argv[1]))
told = child.stdout.read().decode()
_, status, used = os.wait4(child.pid, 0)
print(json.dumps({"told": told, "status": os.waitstatus_to_exitcode(status), "peak_kib": used.ru_maxrss}))
"""


def run_child(request, environment):
    """Run the decoding program beneath a slim launcher; its answer, status and peak memory as the kernel has it.

    Not beneath this process: a child's ru_maxrss starts at its parent's.
    """
    program = [sys.executable, "-I", "-S", "-c", LAUNCHER, json.dumps(environment)]
    command = [sys.executable, "-I", "-m", "heliograph.domain.media.decoder", json.dumps(request)]
    done = subprocess.run([*program, *command], capture_output=True, check=True, timeout=100)
    return json.loads(done.stdout)


def processes_of(parent=None):
    """Ids of the decoding programs that run on behalf of `parent` (this process by default)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                parent_of = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if b"heliograph.domain.media.decoder" in command and parent_of == (parent or os.getpid()):
                found.append(int(entry.name))
    return found
