"""What streams show, on another web process than the one where it happens."""

import pytest
from ears import Ears, Process, ears, events
from living_site import Person, Site, until


@pytest.fixture
def reader(site: Site, ada: Person) -> Person:
    """Somebody who follows ada."""
    made = site.person()
    made.follow(ada)
    site.settled()
    return made


def names(*messages: dict) -> list[tuple[list[str], str]]:
    return [(message["stream"], message["event"]) for message in messages]


def ident(message: dict) -> str:
    return message["payload"]["id"]


def test_it_is_alive_on_every_process(site: Site, other: Process):
    for url in (site.url, other.url):
        answer = site.http.get(f"{url}/api/v1/streaming/health")
        assert (answer.status_code, answer.text) == (200, "OK")
    assert site.http.get("/api/v1/streaming").status_code == 404


def test_clients_are_told_where_streams_are(site: Site):
    address = site.url.replace("http", "ws", 1)
    assert site.http.get("/api/v1/instance").json()["urls"]["streaming_api"] == address
    assert site.http.get("/api/v2/instance").json()["configuration"]["urls"]["streaming"] == address


def test_a_new_post_comes_to_whoever_follows_its_author(other: Process, ada: Person, reader: Person):
    with ears(other.url, reader, "user") as ear:
        post = ada.publish("Low tide")
        message = ear.hear()
    assert names(message) == [(["user"], "update")]
    assert message["payload"] == reader.get(f"/api/v1/statuses/{post['id']}").json()


def test_the_author_gets_it_too_as_their_own(other: Process, ada: Person):
    with ears(other.url, ada, "user") as ear:
        post = ada.publish("Mine")
        message = ear.hear()
    assert (ident(message), message["payload"]["pinned"]) == (post["id"], False)


def test_a_deletion_comes_with_the_id_alone(other: Process, ada: Person, reader: Person):
    with ears(other.url, reader, "user") as ear, ears(other.url, reader, "public") as public:
        post = ada.publish("Gone soon")
        assert ada.ask("DELETE", f"/api/v1/statuses/{post['id']}").status_code == 200
        assert [ear.hear()["event"], ear.hear()] == [
            "update",
            {"stream": ["user"], "event": "delete", "payload": post["id"]},
        ]
        assert [public.hear()["event"], public.hear()["event"]] == ["update", "delete"]


def test_a_follow_shows_in_an_open_stream_and_an_unfollow_too(
    site: Site, other: Process, ada: Person, stranger: Person
):
    with ears(other.url, stranger, "user") as ear:
        before = ada.publish("Before")
        stranger.follow(ada)
        site.settled()
        during = ada.publish("During")
        stranger.post(f"/api/v1/accounts/{ada.id}/unfollow")
        ada.publish("After")
        own = stranger.publish("The end")
        assert ear.heard_until(own) == [("update", during["id"])], before["id"]


def test_one_socket_carries_many_channels(site: Site, other: Process, ada: Person, reader: Person):
    with ears(other.url, reader) as ear:
        for stream in ("user", "public", "public:local", "public:media", "public:local:media"):
            ear.say(type="subscribe", stream=stream)
        ear.say(type="subscribe", stream="hashtag", tag="Tide")
        ear.say(type="subscribe", stream="hashtag:local", tag="#tide")
        # The answer to this one says that the server has read the others.
        ear.say(type="subscribe", stream="nonsense")
        assert ear.hear() == {"error": "Unknown stream type", "status": 400}
        ada.publish("Low #tide", media_ids=[ada.photo()["id"]])
        heard = sorted(names(*(ear.hear() for _ in range(7))))
        assert heard == sorted(
            (stream, "update")
            for stream in (
                ["user"],
                ["public"],
                ["public:local"],
                ["public:media"],
                ["public:local:media"],
                ["hashtag", "Tide"],
                ["hashtag:local", "#tide"],
            )
        )
        for stream in ("public", "public:local", "public:media", "public:local:media", "user"):
            ear.say(type="unsubscribe", stream=stream)
        ear.say(type="unsubscribe", stream="hashtag:local", tag="tide")
        ear.say(type="subscribe", stream="nonsense")
        ear.hear()
        ada.publish("Without a tag or a photo")
        last = ada.publish("High #TIDE")
        message = ear.hear()
        assert (message["stream"], ident(message)) == (["hashtag", "Tide"], last["id"])
    site.settled()


def test_an_answer_stays_away_from_the_public_stream_but_not_from_its_hashtags(
    other: Process, ada: Person, grace: Person, stranger: Person
):
    with ears(other.url, stranger, "public") as public, ears(other.url, stranger, "hashtag", tag="talk") as tagged:
        post = ada.publish("Who is there? #talk")
        reply = grace.publish("I #talk", in_reply_to_id=post["id"])
        last = ada.publish("Thanks #talk")
        assert public.heard_until(last) == [("update", post["id"])]
        assert tagged.heard_until(last) == [("update", post["id"]), ("update", reply["id"])]


def test_server_sent_events(other: Process, ada: Person, reader: Person):
    with events(other.url, reader, "user") as user, events(other.url, reader, "hashtag?tag=events") as tagged:
        post = ada.publish("As #events")
        for heard in (user, tagged):
            event, data = next(heard)
            assert event == "update"
            assert f'"id":"{post["id"]}"' in data
        ada.ask("DELETE", f"/api/v1/statuses/{post['id']}")
        assert next(user) == next(tagged) == ("delete", post["id"])


def test_only_media_narrows_a_stream_of_events(other: Process, ada: Person, stranger: Person):
    with events(other.url, stranger, "public?only_media=true") as heard:
        ada.publish("Only words")
        post = ada.publish("A photo", media_ids=[ada.photo()["id"]])
        assert f'"id":"{post["id"]}"' in next(heard)[1]


def test_a_reblog_comes_with_its_original(site: Site, other: Process, ada: Person, grace: Person):
    follower = site.person()
    follower.follow(grace)
    site.settled()
    with ears(other.url, follower, "user") as ear, ears(other.url, follower, "public") as public:
        post = ada.publish("Worth it")
        reblog = grace.post(f"/api/v1/statuses/{post['id']}/reblog").json()
        message = ear.hear()
        assert (ident(message), message["payload"]["reblog"]["id"]) == (reblog["id"], post["id"])
        grace.post(f"/api/v1/statuses/{post['id']}/unreblog")
        assert ear.hear() == {"stream": ["user"], "event": "delete", "payload": reblog["id"]}
        last = ada.publish("The end")
        assert public.heard_until(last) == [("update", post["id"])]


def hears_nothing_but(ear: Ears, *posts: dict) -> None:
    assert [entry for entry in ear.heard_until(posts[-1]) if entry[0] == "update"] == [
        ("update", post["id"]) for post in posts[:-1]
    ]


def test_nothing_comes_to_whom_it_is_not_for(site: Site, other: Process, ada: Person, reader: Person):
    named, stranger = site.person(), site.person()
    named.follow(ada)
    site.settled()
    everywhere = ("user", "public", "hashtag")
    with (
        ears(other.url, reader, "user") as follower,
        ears(other.url, named, "user") as mentioned,
        ears(other.url, stranger) as nobody,
    ):
        for stream in everywhere:
            nobody.say(type="subscribe", stream=stream, tag="secret")
        nobody.say(type="subscribe", stream="")
        nobody.hear()
        private = ada.publish("For followers #secret", visibility="private")
        direct = ada.publish(f"For @{named.name} #secret", visibility="direct")
        unlisted = ada.publish("For whoever looks #secret", visibility="unlisted")
        for post in (private, direct):
            ada.ask("DELETE", f"/api/v1/statuses/{post['id']}")
        site.settled()
        last = ada.publish("For all")
        assert follower.heard_until(last) == [
            ("update", private["id"]),
            ("update", unlisted["id"]),
            ("delete", private["id"]),
        ]
        heard = mentioned.heard_until(last)
        assert [each for each in heard if each[0] in ("update", "delete")] == [
            ("update", private["id"]),
            ("update", direct["id"]),
            ("update", unlisted["id"]),
            ("delete", private["id"]),
            ("delete", direct["id"]),
        ]
        assert nobody.heard_until(last) == []


@pytest.mark.parametrize("who", ["author", "reader"])
def test_a_block_holds_in_an_open_stream_in_both_directions(site: Site, other: Process, who: str):
    author, reader = site.person(), site.person()
    reader.follow(author)
    site.settled()
    with ears(other.url, reader, "user") as home, ears(other.url, reader, "public") as public:
        seen = author.publish("Still friends")
        blocker, blocked = (author, reader) if who == "author" else (reader, author)
        assert blocker.post(f"/api/v1/accounts/{blocked.id}/block").json()["blocking"] is True
        author.publish("Not for you")
        last = reader.publish("The end")
        hears_nothing_but(home, seen, last)
        hears_nothing_but(public, seen, last)


def test_a_mute_keeps_posts_away_from_an_open_stream(site: Site, other: Process):
    author, reader = site.person(), site.person()
    reader.follow(author)
    site.settled()
    with ears(other.url, reader, "user") as home, ears(other.url, reader, "public") as public:
        assert reader.post(f"/api/v1/accounts/{author.id}/mute").json()["muting"] is True
        author.publish("Noise")
        last = reader.publish("The end")
        hears_nothing_but(home, last)
        hears_nothing_but(public, last)


def test_a_notification_comes_whole_to_its_two_channels(site: Site, other: Process, ada: Person, grace: Person):
    post = ada.publish("Like me")
    few = site.again(ada, "read:statuses")
    with (
        ears(other.url, ada, "user") as home,
        ears(other.url, ada, "user:notification") as only,
        ears(other.url, few, "user") as without,
    ):
        grace.post(f"/api/v1/statuses/{post['id']}/favourite")
        for ear, labels in ((home, ["user"]), (only, ["user:notification"])):
            message = ear.hear()
            assert names(message) == [(labels, "notification")]
            told = ada.get(f"/api/v1/notifications/{message['payload']['id']}").json()
            assert message["payload"] == told
            assert (told["type"], told["status"]["id"]) == ("favourite", post["id"])
        last = ada.publish("The end")
        assert without.heard_until(last) == []


def test_a_conversation_comes_to_the_channel_direct(site: Site, other: Process, ada: Person, grace: Person):
    with ears(other.url, ada, "direct") as ear, events(other.url, ada, "direct") as heard:
        post = grace.publish(f"@{ada.name} Psst", visibility="direct")
        message = ear.hear()
        assert names(message) == [(["direct"], "conversation")]
        assert message["payload"]["last_status"]["id"] == post["id"]
        assert message["payload"]["unread"] is True
        assert next(heard)[0] == "conversation"
    site.settled()


def test_an_edit_comes_to_whoever_sees_the_post(other: Process, ada: Person, reader: Person):
    with ears(other.url, reader, "user") as ear:
        post = ada.publish("Frist")
        reader.post(f"/api/v1/statuses/{post['id']}/favourite")
        assert ear.hear()["event"] == "update"
        assert ada.ask("PUT", f"/api/v1/statuses/{post['id']}", json={"status": "First"}).status_code == 200
        message = ear.hear()
        assert (message["event"], message["payload"]["content"]) == ("status.update", "<p>First</p>")
        assert message["payload"]["favourited"] is True


def test_a_stream_goes_on_after_its_process_was_deaf(site: Site, other: Process, ada: Person, reader: Person):
    with ears(other.url, reader, "user") as ear:
        killed = site.run(site.product.stores.valkey.one(lambda _: ("CLIENT", "KILL", "TYPE", "pubsub")))
        assert killed >= 1

        def heard() -> bool:
            ada.publish("Can you hear me?")
            try:
                return ear.hear(0.5)["event"] == "update"
            except TimeoutError:
                return False

        until(heard)
    site.settled()


@pytest.mark.parametrize("path", ["public", "public/local", "hashtag?tag=paths", "hashtag/local?tag=paths", "user"])
def test_every_path_of_events(site: Site, ada: Person, reader: Person, path: str):
    with events(site.url, reader, path) as heard:
        post = ada.publish("All the #paths")
        assert f'"id":"{post["id"]}"' in next(heard)[1]
