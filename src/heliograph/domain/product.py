"""The whole product as one object: what web pages, the API and workers call. Composed here, chosen in `wiring`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from heliograph.base.settings import Settings
from heliograph.domain.accounts.account import Account
from heliograph.domain.accounts.approval import Approval
from heliograph.domain.accounts.apps import Apps
from heliograph.domain.accounts.codes import Codes
from heliograph.domain.accounts.connected import Connected
from heliograph.domain.accounts.credentials import Credentials
from heliograph.domain.accounts.departure import Departure
from heliograph.domain.accounts.directory import Directory
from heliograph.domain.accounts.housekeeping import Housekeeping
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.letters import Letters
from heliograph.domain.accounts.limits import Limits as RateLimits
from heliograph.domain.accounts.mail import Mailer
from heliograph.domain.accounts.passwords import Passwords, site_words
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.accounts.registration import Registration
from heliograph.domain.accounts.search import AccountSearch
from heliograph.domain.accounts.sessions import Sessions
from heliograph.domain.accounts.suspension import Suspension
from heliograph.domain.accounts.tokens import Tokens
from heliograph.domain.accounts.usage import Usage
from heliograph.domain.feeds import streams, tagged
from heliograph.domain.feeds.backfill import Backfills
from heliograph.domain.feeds.bodies import Bodies
from heliograph.domain.feeds.bookmarked import Bookmarked
from heliograph.domain.feeds.broadcasting import Broadcasting
from heliograph.domain.feeds.choice import Choice
from heliograph.domain.feeds.crossing import Crossing
from heliograph.domain.feeds.crowd import Crowds
from heliograph.domain.feeds.deliver import Delivery
from heliograph.domain.feeds.everybody import Everybody
from heliograph.domain.feeds.following import Following
from heliograph.domain.feeds.home import Home
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.feeds.listeners import Listeners
from heliograph.domain.feeds.people import People
from heliograph.domain.feeds.publishing import Publishing
from heliograph.domain.feeds.pull import HomePull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.rebuild import Rebuilder
from heliograph.domain.feeds.search import Search
from heliograph.domain.feeds.skeleton import HomeSkeletons
from heliograph.domain.feeds.streams import Streams
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.feeds.tagging import Tagging
from heliograph.domain.feeds.threads import Contexts
from heliograph.domain.feeds.timelines import Timelines
from heliograph.domain.graph import relations
from heliograph.domain.graph.blocks import Blocks
from heliograph.domain.graph.edges import Edges
from heliograph.domain.graph.familiar import Familiar
from heliograph.domain.graph.follows import Follows
from heliograph.domain.graph.mutes import Mutes
from heliograph.domain.graph.notes import Notes
from heliograph.domain.graph.relations import RELATIONS, RelationsReader
from heliograph.domain.graph.relationships import Relationships
from heliograph.domain.graph.tag_follows import TagFollows
from heliograph.domain.leaving.deletion import Deletion
from heliograph.domain.leaving.export import Export
from heliograph.domain.leaving.ties import Ties
from heliograph.domain.leaving.traces import Traces
from heliograph.domain.leaving.writings import Writings
from heliograph.domain.media import portraits
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.portraits import Portraits
from heliograph.domain.media.uploads import Uploads
from heliograph.domain.notifications import notices
from heliograph.domain.notifications.conversations import Conversations
from heliograph.domain.notifications.correspondence import Correspondence
from heliograph.domain.notifications.inbox import Inbox
from heliograph.domain.notifications.markers import Markers
from heliograph.domain.notifications.notices import NOTICES, NoticesReader
from heliograph.domain.notifications.telling import Telling
from heliograph.domain.posts import authored, marks, pins, post, threads
from heliograph.domain.posts.authored import AUTHORED, AuthoredReader
from heliograph.domain.posts.bookmarks import Bookmarks
from heliograph.domain.posts.delete import Remover
from heliograph.domain.posts.edit import Editor
from heliograph.domain.posts.featured_tags import FeaturedTags
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.hashtags import Hashtags
from heliograph.domain.posts.likes import Likes
from heliograph.domain.posts.marks import MARKS, MarksReader
from heliograph.domain.posts.pins import PINS, Pins
from heliograph.domain.posts.post import POST, Post
from heliograph.domain.posts.publish import Publisher
from heliograph.domain.posts.reblogs import Reblogs
from heliograph.domain.posts.tags import TAG_LIST, Tags
from heliograph.domain.posts.threads import THREAD, Threads
from heliograph.domain.posts.viewing import Viewing
from heliograph.stores.backlog import Backlog
from heliograph.stores.broadcast import Broadcast
from heliograph.stores.cache import Cache, Parse
from heliograph.stores.counts import Count
from heliograph.stores.idlists import IdLists
from heliograph.stores.objects import Objects
from heliograph.stores.outbox import Outbox
from heliograph.stores.pace import Pace
from heliograph.stores.revocations import Revocations
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

DAY_S = 24 * 3600
# Followers above which a hashtag is pulled where authors are by cost: it never is pushed again.
TAG_LIMIT = 10_000
# What is made of cached bodies, once in each process.
PARSERS: dict[str, Parse] = {
    POST: post.unpack,
    RELATIONS: relations.unpack,
    MARKS: marks.unpack,
    AUTHORED: authored.unpack,
    TAG_LIST: tagged.unpack,
    THREAD: threads.unpack,
    PINS: pins.unpack,
    NOTICES: notices.unpack,
}


class Stores(msgspec.Struct, frozen=True):
    """The open stores of a process."""

    shards: Shards
    valkey: Valkey
    objects: Objects


class Renderers(msgspec.Struct, frozen=True):
    """What the web makes of domain objects: JSON members without braces, to be cached and put together."""

    account: Callable[[Account], bytes]
    account_counts: Callable[[dict[Count, int], datetime | None], bytes]
    post: Callable[[Post], bytes]
    post_counts: Callable[[dict[Count, int]], bytes]


class Product:
    """Everything that Heliograph can do, by feature. `scratch_root`: a folder for files that live no longer than a call."""

    def __init__(self, stores: Stores, settings: Settings, renderers: Renderers, scratch_root: Path) -> None:
        shards, valkey, objects = stores.shards, stores.valkey, stores.objects
        cache = Cache(valkey, PARSERS)
        lists = IdLists(valkey, settings.feed_length)
        self.stores = stores
        self.settings = settings
        self.scratch_root = scratch_root
        self.outbox = Outbox(shards, valkey)
        self.pace = Pace(valkey)
        self.backlog = Backlog(self.outbox, self.pace)

        self.directory = Directory(shards)
        self.profiles = Profiles(shards, cache, renderers.account, renderers.account_counts, portraits.replace)
        self.identities = Identities(shards, Revocations(valkey), session_days=settings.session_days)
        self.passwords = Passwords(words=site_words(settings))
        self.credentials = Credentials(shards, self.directory, self.passwords, self.identities)
        self.registration = Registration(shards, self.directory, self.passwords, settings)
        self.sessions = Sessions(shards, self.identities, settings.session_days)
        self.apps = Apps(shards)
        self.tokens = Tokens(shards, self.identities)
        self.codes = Codes(shards, self.identities)
        self.connected = Connected(shards, self.apps, self.identities)
        self.letters = Letters(shards, self.directory, Mailer(settings.smtp_url, settings.mail_from), settings)
        self.rate_limits = RateLimits(valkey, enabled=settings.rate_limits == "on")
        self.approval = Approval(shards, self.directory, self.identities, self.profiles)
        self.suspension = Suspension(shards, self.identities, self.profiles)
        self.housekeeping = Housekeeping(self.directory, self.sessions, self.codes, self.letters)

        self.usage = Usage(shards)

        self._compose_graph(shards, cache)

        limits = Limits.of(settings)
        self.uploads = Uploads(shards, objects, limits, scratch_root)
        self.portraits = Portraits(shards, objects, limits, scratch_root)

        self._compose_posts(shards, cache, renderers)

        self._compose_feeds(shards, cache, lists)
        self.bookmarked = Bookmarked(self.bookmarks, self.posts, self.timelines)
        self.people = People(self.profiles, self.relations)
        self.hashtags = Hashtags(shards)
        accounts = AccountSearch(shards, self.profiles)
        self.search = Search(shards, accounts, self.hashtags, self.people, self.timelines, self.relations)
        self.following = Following(shards, lists, self.follows, self.profiles)
        self.choice = Choice(shards, self.crossing, self.crowds, self.pulled, settings.push_limit)
        self.delivery = Delivery(shards, lists, self.choice, self.pace)
        self.backfills = Backfills(shards, lists, self.crossing)
        self.contexts = Contexts(self.threads, self.posts, self.hydration, self.viewing)
        broadcast = Broadcast(valkey)
        self.streams = Streams(broadcast)
        self.publishing = Publishing(
            self.publisher,
            self.editor,
            self.reblogs,
            self.threads,
            self.contexts,
            self.delivery,
            self.tagging,
            self.everybody,
            self.streams,
            self.outbox,
        )
        self._compose_notifications(shards, cache)
        self._compose_streams(broadcast)
        self._compose_leaving(stores, cache, lists)

    async def purge_post(self, post_id: int, author: int) -> None:
        """Remove what hangs on a deleted post, whatever the feature, and then the post. Safe to repeat."""
        if (header := await self.remover.was(post_id)) is not None:
            await self.streams.tell_deleted(header)
            await self.telling.forget(header)
        await self.remover.purge(post_id, author)

    def _compose_leaving(self, stores: Stores, cache: Cache, lists: IdLists) -> None:
        shards = stores.shards
        self.export = Export(shards, stores.objects, self.profiles)
        writings = Writings(shards, cache, self.remover, self.purge_post)
        ties, traces = Ties(shards, cache), Traces(shards, cache)
        self.departure = Departure(shards, self.identities, self.profiles)
        self.deletion = Deletion(shards, cache, lists, self.approval, writings, ties, traces)

    def _compose_graph(self, shards: Shards, cache: Cache) -> None:
        self.relations = RelationsReader(shards, cache)
        self.follows = Follows(shards, cache)
        self.tag_follows = TagFollows(shards, cache)
        self.blocks = Blocks(shards, cache, self.follows)
        self.mutes = Mutes(shards, cache)
        self.notes = Notes(shards)
        self.edges = Edges(shards, self.relations)
        self.relationships = Relationships(shards)
        self.familiar = Familiar(shards, self.relations, self.profiles)

    def _compose_posts(self, shards: Shards, cache: Cache, renderers: Renderers) -> None:
        self.posts = Posts(shards, cache, renderers.post, renderers.post_counts)
        self.marks = MarksReader(shards, cache)
        self.authored = AuthoredReader(shards, cache)
        self.viewing = Viewing(cache, self.relations, self.marks)
        self.likes = Likes(shards, cache)
        self.reblogs = Reblogs(shards, cache, self.posts)
        self.publisher = Publisher(shards, cache, self.posts, self.profiles, self.uploads)
        self.editor = Editor(shards, cache, self.profiles, self.uploads)
        self.threads = Threads(shards, cache)
        self.bookmarks = Bookmarks(shards, cache)
        self.tags = Tags(shards, cache)
        self.featured_tags = FeaturedTags(shards)
        self.pins = Pins(shards, cache)
        self.remover = Remover(
            shards, cache, self.likes, self.reblogs, self.threads, self.bookmarks, self.tags, self.uploads
        )

    def _compose_feeds(self, shards: Shards, cache: Cache, lists: IdLists) -> None:
        ttl_s = self.settings.feed_active_days * DAY_S
        self.crowds = Crowds(shards, lists)
        self.pulled = PulledAuthors(shards, self.crowds.saw)
        self.crossing = Crossing(shards)
        self.hydration = Hydration(cache, self.posts, self.profiles)
        tagged_posts = TaggedPosts(shards, cache, self.profiles)
        home_pull = HomePull(shards, tagged_posts, self.tag_follows)
        rebuilder = Rebuilder(shards, lists, self.relations, home_pull, tagged_posts, self.pulled, ttl_s)
        skeletons = HomeSkeletons(cache, lists, self.relations, self.marks, home_pull, self.pulled, rebuilder, ttl_s)
        self.home = Home(skeletons, self.hydration, self.marks)
        self.everybody = Everybody(lists, rebuilder, self.posts)
        self.timelines = Timelines(
            shards, self.profiles, self.authored, self.pins, self.everybody, tagged_posts, self.hydration, self.viewing
        )
        limit = self.settings.push_limit or TAG_LIMIT
        self.tagging = Tagging(
            shards, lists, self.tags, tagged_posts, self.tag_follows, self.pulled, self.crossing, limit, self.pace
        )

    def _compose_notifications(self, shards: Shards, cache: Cache) -> None:
        self.notices = NoticesReader(shards, cache)
        bodies = Bodies(self.profiles, self.hydration, self.viewing)
        correspondence = Correspondence(shards, self.posts, self.streams.tell_conversation)
        self.telling = Telling(
            shards,
            self.outbox,
            self.posts,
            self.notices,
            correspondence,
            self.timelines.header,
            self.streams.tell_notification,
        )
        self.notifications = Inbox(shards, self.notices, self.relations, bodies.accounts, bodies.posts)
        self.conversations = Conversations(shards, self.relations, bodies.accounts, bodies.letters)
        self.markers = Markers(shards)

    def _compose_streams(self, broadcast: Broadcast) -> None:
        self.listeners = Listeners(self.identities, self.relations)
        loaders = {streams.NOTIFICATION: self.notifications.one, streams.CONVERSATION: self.conversations.one}
        self.broadcasting = Broadcasting(broadcast, self.listeners, self.hydration, self.relations, self.marks, loaders)
