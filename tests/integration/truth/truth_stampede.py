"""A process that asks for one thing very often at the same moment. Started by test_stampedes.py; prints what came of it.

Arguments: DSN, URL of Valkey, data directory, what (see ASK), its id, how often, when (seconds since 1970).
"""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

from heliograph.base import metrics
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.domain.feeds import rebuild
from heliograph.stores import shards, valkey
from heliograph.wiring import open_product

# What is away or slow is tested elsewhere; here thousands wait for their turn of one event loop.
PATIENCE_S = 60.0

ASK = {
    "post": lambda product, ident: product.posts.fragments([ident]),
    "counts": lambda product, ident: product.posts.complete_counts({ident: None}),
    "profile": lambda product, ident: product.profiles.fragments([ident]),
    "profile counts": lambda product, ident: product.profiles.count_fragments([ident]),
    # Of one who follows a celebrity, or a large hashtag.
    "home": lambda product, ident: product.home.page(ident, Page(limit=5)),
    "public": lambda product, photos: product.timelines.public(None, Page(limit=5), media_only=bool(photos)),
}


def avoided() -> dict[str, int]:
    found: Counter[str] = Counter()
    for metric in metrics.stampedes_avoided.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                found[sample.labels["by"]] += int(sample.value)
    return dict(found)


async def main(dsn: str, url: str, folder: str, what: str, ident: int, times: int, begin: float) -> None:
    settings = Settings(data_dir=Path(folder), port=0, public_url="http://helio.test", rate_limits="off")
    topology = Topology((ShardSpec("main", dsn),), url, f"file://{folder}/media")
    valkey.REPLY_TIMEOUT_S = rebuild.PATIENCE_S = PATIENCE_S
    shards.CONNECT_TIMEOUT_S = shards.COMMAND_TIMEOUT_S = shards.ACQUIRE_TIMEOUT_S = PATIENCE_S
    async with open_product(settings, topology) as product:
        await product.stores.valkey.ping()
        await product.stores.shards.all[0].mark()
        await asyncio.sleep(begin - time.time())
        answers = await asyncio.gather(*(ASK[what](product, ident) for _ in range(times)))
    print(json.dumps({"answers": len({repr(answer) for answer in answers}), "avoided": avoided()}))


if __name__ == "__main__":
    dsn, url, folder, what, ident, times, begin = sys.argv[1:]
    asyncio.run(main(dsn, url, folder, what, int(ident), int(times), float(begin)))
