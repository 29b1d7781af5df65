"""What comes on the streams of each viewer while the author posts once for each visibility, edits it and deletes it.

Whatever should not come is known not to come: a friend of everybody posts last, and all that came before is read.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
from websockets.sync.client import ClientConnection, connect
from world import NAMED, PEOPLE, TAG, VISIBILITIES, World

# Channel -> its path for server-sent events.
CHANNELS = {
    "user": "user",
    "user:notification": "user/notification",
    "public": "public",
    "public:local": "public/local",
    "hashtag": f"hashtag?tag={TAG}",
    "hashtag:local": f"hashtag/local?tag={TAG}",
    "direct": "direct",
}
# What `user` carries besides posts.
NEWS = "user, notifications"
WAIT_S = 20.0

# (label, event, id of a post).
Told = tuple[str, str, str]
# What happens to a post, on streams of posts.
LIFE = {"update", "status.update", "delete"}
# (transport, label, viewer) -> the columns whose posts came.
Heard = dict[tuple[str, str, str], set[str]]


def listen(world: World, stack: ExitStack) -> Heard:
    """Open the streams of everybody, have the author post, and read what came."""
    client = stack.enter_context(httpx.Client(base_url=world.site.url, timeout=WAIT_S, limits=httpx.Limits()))
    streams = {(channel, name): _events(world, stack, client, channel, name) for channel in CHANNELS for name in PEOPLE}
    sockets = {name: _socket(world, stack, name) for name in PEOPLE}
    posted = _post(world)
    ends = _end(world)
    heard: Heard = {}
    for (channel, name), stream in streams.items():
        labels = {channel, NEWS} if channel == "user" else {channel}
        heard |= {("events", label, name): _named(said, posted) for label, said in _heard(stream, labels, ends).items()}
    for name, socket in sockets.items():
        said_on = _heard(_messages(socket), {*CHANNELS, NEWS}, ends)
        heard |= {("socket", label, name): _named(said, posted) for label, said in said_on.items()}
    return heard


def _post(world: World) -> dict[str, str]:
    """Post, edit, delete: the ids, and the visibility of each."""
    author = world.people["author"]
    text = f"live {' '.join(f'@{world.people[name].name}' for name in NAMED)} #{TAG}"
    posted = {author.publish(text, visibility=visibility)["id"]: visibility for visibility in VISIBILITIES}
    world.site.settled()
    for method, change in (("PUT", {"json": {"status": f"{text}, edited"}}), ("DELETE", {})):
        for ident in posted:
            assert author.ask(method, f"/api/v1/statuses/{ident}", **change).status_code == 200
        world.site.settled()
    return posted


def _end(world: World) -> set[str]:
    """The last that comes on each channel, as text: from a friend, to all."""
    everybody = " ".join(f"@{world.people[name].name}" for name in PEOPLE)
    friend = world.people["friend"]
    made = {friend.publish(f"lastpublic {everybody} #{TAG}")["id"]}
    world.site.settled()
    made.add(friend.publish(f"lastdirect {everybody}", visibility="direct")["id"])
    return made


def _told(channel: str, event: str, payload: str) -> Told:
    """What an event is about; `user` carries posts and, apart from these, news."""
    if event == "delete":
        return channel, event, payload
    entity = json.loads(payload)
    if event == "notification":
        return NEWS if channel == "user" else channel, event, (entity.get("status") or {"id": ""})["id"]
    return channel, event, entity["last_status"]["id"] if event == "conversation" else entity["id"]


def _events(world: World, stack: ExitStack, client: httpx.Client, channel: str, name: str) -> Iterator[Told]:
    headers = {"Authorization": f"Bearer {world.people[name].token}"}
    path = f"/api/v1/streaming/{CHANNELS[channel]}"
    answer = stack.enter_context(client.stream("GET", path, headers=headers))
    assert answer.status_code == 200, (channel, name)
    return _parsed(channel, answer)


def _parsed(channel: str, answer: httpx.Response) -> Iterator[Told]:
    event = ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "data":
            yield _told(channel, event, value)


def _socket(world: World, stack: ExitStack, name: str) -> ClientConnection:
    """A WebSocket that has subscribed to all channels at once."""
    address = f"{world.site.url.replace('http', 'ws', 1)}/api/v1/streaming"
    headers = {"Authorization": f"Bearer {world.people[name].token}"}
    socket = stack.enter_context(connect(address, additional_headers=headers, close_timeout=1))
    for channel in CHANNELS:
        tag = {"tag": TAG} if channel.startswith("hashtag") else {}
        socket.send(json.dumps({"type": "subscribe", "stream": channel} | tag))
    return socket


def _messages(socket: ClientConnection) -> Iterator[Told]:
    while True:
        message = json.loads(socket.recv(WAIT_S))
        yield _told(message["stream"][0], message["event"], message["payload"])


def _heard(told: Iterator[Told], labels: set[str], ends: set[str]) -> dict[str, set[tuple[str, str]]]:
    """What came under each label before its end: (event, id)."""
    heard: dict[str, set[tuple[str, str]]] = {label: set() for label in labels}
    waiting = set(labels)
    for label, event, ident in told:
        if ident in ends:
            waiting.discard(label)
        elif label in waiting:
            heard[label].add((event, ident))
        if not waiting:
            return heard
    raise AssertionError("a stream ended by itself")


def _named(heard: set[tuple[str, str]], posted: dict[str, str]) -> set[str]:
    """The visibilities of the posts that came; of a post comes its whole life, or nothing."""
    came: dict[str, set[str]] = {}
    for event, ident in heard:
        if ident in posted:
            came.setdefault(ident, set()).add(event)
    assert all(events in (LIFE, {"notification"}, {"conversation"}) for events in came.values()), came
    return {posted[ident] for ident in came}
