"""A small site, run by the tests as a process of its own: the supervisor, a web server, a worker.

python site.py DATA_DIR PORT [worker's behaviour: obedient, stubborn] [web's: serving, broken, slow-prepare]
Prints one line of JSON when everything is ready.
"""

import asyncio
import json
import sys
from pathlib import Path

from heliograph.base import logs
from heliograph.base.errors import StartError
from heliograph.base.settings import Settings
from heliograph.ops import supervisor
from heliograph.ops.program import Program

WEB = """
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("web stops", flush=True), os._exit(0)))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write((os.environ["HELIOGRAPH_DATABASE_URL"] + " " + str(os.getpid())).encode())
    def log_message(self, *_): pass
http.server.HTTPServer.allow_reuse_address = True
http.server.HTTPServer(("127.0.0.1", int(os.environ["HELIOGRAPH_PORT"])), Answer).serve_forever()
"""
BROKEN = "raise SystemExit(3)"
OBEDIENT = "import os, signal; signal.signal(15, lambda *_: (print('worker stops', flush=True), os._exit(0)))\nwhile 1: signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\nwhile 1: signal.pause()"


def ready(site):
    print(
        json.dumps(
            {"port": site.settings.port, "database": site.stores.database_url, "valkey": site.stores.valkey_url}
        ),
        flush=True,
    )


async def prepare(stores):
    print(f"lossless {stores.lossless}", flush=True)
    if "slow-prepare" in sys.argv:
        print("preparing", flush=True)
        await asyncio.sleep(60)


def main():
    logs.configure("debug", "json")
    settings = Settings(data_dir=Path(sys.argv[1]), port=int(sys.argv[2]), host="127.0.0.1")
    web = BROKEN if "broken" in sys.argv else WEB
    worker = STUBBORN if "stubborn" in sys.argv else OBEDIENT
    programs = [
        Program("web", [sys.executable, "-c", web], ready_path="/readyz"),
        Program("worker", [sys.executable, "-c", worker], grace_s=30),
    ]
    try:
        asyncio.run(supervisor.run(settings, programs, prepare=prepare, on_ready=ready))
    except StartError as error:
        print(error.message, flush=True)
        sys.exit(1)
    print("stopped", flush=True)


main()
