"""A crowd made in bulk: people with tokens, who follow each other and have posted."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from heliograph.base import ids
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Shards

sql = load("lab")
tags = load("tags")
directory = load("directory")

SECRET = "bench-"  # noqa: S105 -- of throwaway sites only
TEXT = "The light at the end of the pier, just after the rain. " * 5 + "#light #sea"


class Person(msgspec.Struct, frozen=True):
    """An account and a token for it."""

    id: int
    token: str


async def people(shards: Shards, count: int, prefix: str) -> list[Person]:
    """`count` new accounts, each with a token."""
    (app,) = await shards.scatter(sql.app, name=prefix)
    rows = await shards.scatter(sql.people, prefix=prefix, first=1, last=count, secret=SECRET, app_id=app["id"])
    return [Person(row["id"], f"{row['id']}.{SECRET}{row['id']}") for row in rows]


async def follow(shards: Shards, pairs: Sequence[tuple[int, int]]) -> None:
    """Let each first of `pairs` follow the second."""
    for at in range(0, len(pairs), 20_000):
        some = pairs[at : at + 20_000]
        await make(shards, sql.follow, followers=[edge[0] for edge in some], targets=[edge[1] for edge in some])


async def give_name(shards: Shards, account: int, name: str) -> None:
    """Let an account be found by its name, which those made in bulk are not."""
    slot = ids.slot_of_name(name)
    named = {"kind": "username", "name": name, "target": account, "settled": True}
    await shards.at(slot).run(directory.claim, slot=slot, **named)


async def make(shards: Shards, query: Query, **parameters: Any) -> None:
    """Run a statement that makes much, on every shard, in the time of a chore: nobody waits for it."""
    for shard in shards.all:
        await shard.chore(query, **parameters)


async def society(shards: Shards, count: int, follows: int, posts: int, seed: int) -> list[Person]:
    """`count` people who follow `follows` others each, chosen at random, and have posted `posts` times each."""
    everybody = await people(shards, count, "viewer")
    idents = [person.id for person in everybody]
    await follow(shards, edges(idents, follows, seed))
    await make(shards, sql.posts, authors=idents, each=posts, text=TEXT)
    await make(shards, sql.analyze)
    return everybody


def edges(idents: Sequence[int], follows: int, seed: int) -> list[tuple[int, int]]:
    """Who follows whom in a society: each of `idents` follows `follows` others, or one less."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    return [
        (ident, target)
        for ident in idents
        for target in chance.sample(idents, follows + 1)[:follows]
        if target != ident
    ]
