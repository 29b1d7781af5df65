"""What it costs to get an author's posts into the feeds of their followers: pushed at each post, or pulled at each read.

In microseconds of processor time, that of all programs together: what a site has to buy. `python -m heliograph.lab.pushpull
calibrate` measures them anew; these are from two cores that others used as well, and nearly all is decided by their ratios. The
model is that of Silberstein et al., "Feeding Frenzy: Selectively Materializing Users' Event Feeds" (SIGMOD 2010): what is written
more often than it is read is made at the read, and not at the write. Docs: docs/design/push-or-pull.md.
"""

import msgspec

# One way has to be this much dearer than the other before an author changes over: rates are estimates, a change has a cost.
MARGIN = 1.5
# Whoever's pushes take less in a day is pushed: every process knows all who are pulled, and to know whether it pays, a worker looks
# at their audience every ten days, which takes 3 ms.
LEAST_US_A_DAY = 300.0
# Whoever's posts would take longer to push is pulled whatever it costs: a post is to be there within seconds.
MOST_PUSH_S = 10.0


class Costs(msgspec.Struct, frozen=True):
    """Microseconds: of a post pushed into one list, of a follower passed over since there is no list, of one more list in a read.

    `begin_us`: what a pushed post takes before its first follower. `fetch_us`: what a list takes more that has changed since this
    process has read it.
    """

    begin_us: float = 430.0
    push_us: float = 23.0
    skip_us: float = 16.0
    merge_us: float = 6.0
    fetch_us: float = 80.0


COSTS = Costs()


class Crowd(msgspec.Struct, frozen=True):
    """An author's followers, how many of them have a list (`lists`: they read within days), and the rates.

    `posts_a_day`: of the author. `reads_a_day`: pages of home that all these followers read together.
    """

    followers: int
    lists: int
    posts_a_day: float
    reads_a_day: float

    def push_us(self, costs: Costs = COSTS) -> float:
        """What pushing one post takes."""
        return costs.begin_us + self.lists * costs.push_us + max(0, self.followers - self.lists) * costs.skip_us

    def push_us_a_day(self, costs: Costs = COSTS) -> float:
        """What pushing takes in a day."""
        return self.posts_a_day * self.push_us(costs)

    def pull_us_a_day(self, costs: Costs = COSTS) -> float:
        """What pulling takes in a day: a list is fetched once after each post, if it is read at all."""
        fetches = min(self.reads_a_day, self.posts_a_day)
        return self.reads_a_day * costs.merge_us + fetches * costs.fetch_us


def worth_a_look(push_us_a_day: float, *, pulled: bool) -> bool:
    """Whether pushing takes so much that it may pay to pull an author, who is pulled now, or not."""
    return push_us_a_day >= (LEAST_US_A_DAY / MARGIN if pulled else LEAST_US_A_DAY)


def pulling_pays(crowd: Crowd, *, pulled: bool, costs: Costs = COSTS) -> bool:
    """Whether an author is to be pulled, who is so now, or not (`pulled`): near the line all stays as it is."""
    if not worth_a_look(crowd.push_us_a_day(costs), pulled=pulled):
        return False
    if crowd.push_us(costs) / 1e6 > (MOST_PUSH_S / MARGIN if pulled else MOST_PUSH_S):
        return True
    push_us, pull_us = crowd.push_us_a_day(costs), crowd.pull_us_a_day(costs)
    return push_us * MARGIN >= pull_us if pulled else push_us > pull_us * MARGIN
