"""What `make bench` measures, part by part."""

import inspect
from collections.abc import Awaitable, Callable

import msgspec

from heliograph.base.settings import Settings
from heliograph.lab.bench import fanout, home, mixed, posts, returns, routes, streams
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import ALL_CORES, OTHER_CORES, PUSH_LIMIT, Trial


class Part(msgspec.Struct, frozen=True):
    """One part: its title on the page, what measures it on a fresh site, the cores that the stores of this site get.

    `push_limit`: of the site; what is not told otherwise measures the push.
    """

    title: str
    measure: Callable[[Trial], Awaitable[list[Figure]]]
    cores: set[int]
    push_limit: int = PUSH_LIMIT

    @property
    def about(self) -> str:
        """What is measured, and how: the first paragraph of the module that does it."""
        return (inspect.getdoc(inspect.getmodule(self.measure)) or "").partition("\n\n")[0].replace("\n", " ")


PARTS = {
    "home": Part("Home feed", home.measure, OTHER_CORES),
    "returns": Part("Home after months", returns.measure, OTHER_CORES),
    "routes": Part("What else is read", routes.measure, OTHER_CORES),
    "fanout": Part("Fan-out", fanout.measure, OTHER_CORES),
    "posts": Part("Posts", posts.measure, ALL_CORES),
    "streams": Part("Streams", streams.measure, ALL_CORES),
    "mixed": Part("The DeathStarBench mix", mixed.measure, ALL_CORES, Settings().push_limit),
}
