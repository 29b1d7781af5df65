"""Notifications and conversations come through streams as the API has them, on another web process too."""

from ears import Process, ears
from living_site import Person, Site


def test_a_notification_comes_as_it_is_listed(other: Process, ada: Person, stranger: Person):
    post = ada.publish("Look")
    with ears(other.url, ada, "user:notification") as ear:
        stranger.post(f"/api/v1/statuses/{post['id']}/favourite")
        liked = ear.hear()
        assert (liked["event"], liked["stream"]) == ("notification", ["user:notification"])
        assert liked["payload"] == ada.get("/api/v1/notifications").json()[0]
        stranger.follow(ada)
        followed = ear.hear()["payload"]
        assert followed == ada.get("/api/v1/notifications").json()[0]
    assert (liked["payload"]["type"], followed["type"]) == ("favourite", "follow")


def test_who_is_muted_is_not_heard(site: Site, other: Process, ada: Person, grace: Person, stranger: Person):
    assert ada.post(f"/api/v1/accounts/{stranger.id}/mute").status_code == 200
    with ears(other.url, ada, "user:notification") as ear:
        stranger.publish(f"@{ada.name} hey")
        site.settled()
        mention = grace.publish(f"@{ada.name} hello")
        assert ear.hear()["payload"]["status"]["id"] == mention["id"]


def test_a_conversation_comes_as_it_is_listed(other: Process, ada: Person, stranger: Person):
    with ears(other.url, ada, "direct") as ear:
        post = stranger.publish(f"@{ada.name} between us", visibility="direct")
        message = ear.hear()
    assert (message["event"], message["stream"]) == ("conversation", ["direct"])
    assert message["payload"]["last_status"]["id"] == post["id"]
    assert message["payload"] == ada.get("/api/v1/conversations").json()[0]
