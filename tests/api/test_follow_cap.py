"""Who follows too many is told so as Mastodon tells it."""

from heliograph.domain.graph import follows


def test_one_follow_too_many_is_the_requests_fault(ada, grace, stranger, monkeypatch):
    monkeypatch.setattr(follows, "FOLLOWS_AT_MOST", 1)
    ada.follow(grace)
    answer = ada.post(f"/api/v1/accounts/{stranger.id}/follow")
    assert answer.status_code == 422
    assert answer.json()["error"] == "Validation failed: You cannot follow more than 1 people"
