"""The program that runs in the child: decodes one upload and writes its variants.

`python -m heliograph.domain.media.decoder '{"kind": ..., "path": ..., ...}'`. It answers with one JSON object on stdout:
the photo, or what went wrong. It reads one file and writes into one folder; nothing of the server is in reach.
"""

import json
import os
import sys
import time
from typing import Any

from heliograph.domain.media import confine
from heliograph.domain.media.headers import TooManyPixelsError

# `verdict.py` reads them.
OK, REFUSED = 0, 3

# Words in which the decoding libraries say what went wrong, in the order in which they are tried.
MEMORY_WORDS = ("out of memory", "insufficient memory", "memory allocation", "cannot allocate", "unable to allocate")
DISK_WORDS = ("no space left", "disk quota", "input/output error", "read-only file")
TRUNCATED_WORDS = (
    "truncated",
    "premature",
    "end of file",
    "unexpected eof",
    "end of stream",
    "not enough data",
)


def reason(message: str) -> str:
    """What kind of failure a library's `message` tells of: memory, disk, truncated or damaged."""
    text = message.lower()
    for name, words in (("memory", MEMORY_WORDS), ("disk", DISK_WORDS), ("truncated", TRUNCATED_WORDS)):
        if any(word in text for word in words):
            return name
    return "damaged"


def develop(kind: str, path: str, out_dir: str, animated: bool, max_pixels: int) -> dict[str, Any]:
    """Decode the `kind` of photo at `path` and write its variants into `out_dir`; the answer's `photo`."""
    from pathlib import Path  # noqa: PLC0415 -- under the limits, like the libraries below

    from heliograph.domain.media import animation, pixels, variants  # noqa: PLC0415

    pixels.only(kind)
    folder = Path(out_dir)
    if animated:
        written, image, own = animation.write_all(kind, path, folder, max_pixels)
    else:
        image, own = pixels.read(kind, path, max_pixels)
        written = variants.write_all(image, own, folder)
    return {"width": own[0], "height": own[1], "blurhash": variants.blur(image), "variants": written}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what `request` asks and answer `{"photo": ...}` or `{"reason": ..., "detail": ...}`, with what it cost."""
    import pyvips  # noqa: PLC0415

    told: dict[str, Any]
    try:
        told = {"photo": develop(**request)}
    except MemoryError:
        told = {"reason": "memory"}
    except TooManyPixelsError:
        told = {"reason": "pixels"}
    except (pyvips.Error, ValueError, EOFError, SyntaxError, RuntimeError, OSError, KeyError) as error:
        told = {"reason": reason(str(error)), "detail": str(error)[:500]}
    return told | {"peak_kib": confine.peak_kib(), "cpu_s": round(time.process_time(), 3)}


def main() -> int:
    """Confine this process, then answer the request in the only argument."""
    request = json.loads(sys.argv[1])
    request.pop("deadline_s", None)  # the parent watches the clock
    confine.die_with(request.pop("parent"))
    confine.confine(request.pop("memory_mb"), request.pop("timeout_s"))
    told = answer(request)
    print(json.dumps(told), flush=True)  # noqa: T201 -- stdout is how it answers
    # Not sys.exit: tearing the libraries down costs 10 ms and may crash after the work is done.
    os._exit(OK if "photo" in told else REFUSED)


if __name__ == "__main__":
    main()
