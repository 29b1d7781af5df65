"""What the made-up people do besides posting: comment, share, keep, follow hashtags, write to each other, hide.

Everything may be done again after an interruption and is then there once. A post that somebody has deleted meanwhile is passed over.
"""

from collections.abc import Callable
from typing import Any

from heliograph.lab.client import Client, RefusedError
from heliograph.lab.planned import VIEWER, Plan, PlannedPost
from heliograph.lab.state import State

Job = Callable[[], None]
GONE = 404


class Deeds:
    """Does what `planned` says on the site that `state` tells of."""

    def __init__(self, client: Client, state: State, planned: Plan) -> None:
        """`state`: with tokens and ids of everybody."""
        self._client = client
        self._state = state
        self._planned = planned
        self._names = [person.username for person in planned.people]

    def nearing(self) -> list[Job]:
        """Hashtags are followed and featured, bells put up."""
        circles = self._planned.circles
        return [
            *(lambda who=who, tag=tag: self._do(who, f"/api/v1/tags/{tag}/follow") for who, tag in circles.tags),
            *(lambda who=who, tag=tag: self._do(who, f"/api/v1/tags/{tag}/feature") for who, tag in circles.features),
            *(lambda whom=whom: self._to(VIEWER, whom, "follow", notify="true") for whom in circles.bells),
        ]

    def about(self, number: int) -> None:
        """What is done about a post: one thing after the other, so that a conversation has its order."""
        post, ident = self._planned.posts[number], self._state.posts[number]
        for who in post.likers:
            self._do(who, f"/api/v1/statuses/{ident}/favourite")
        self._talk(number, post)
        for who in post.sharers:
            self._do(who, f"/api/v1/statuses/{ident}/reblog")
        for who in post.keepers:
            self._do(who, f"/api/v1/statuses/{ident}/bookmark")
        if post.pinned:
            self._do(post.author, f"/api/v1/statuses/{ident}/pin")
        if post.edited:
            self._do(post.author, f"/api/v1/statuses/{ident}", "PUT", status=post.edited)

    def calling(self) -> list[Job]:
        """Accounts are locked, then people ask to follow them; people write to the viewer."""
        circles = self._planned.circles

        def ask() -> None:
            for who in circles.locked:
                self._do(who, "/api/v1/accounts/update_credentials", "PATCH", locked="true")
            for who, whom in circles.asking:
                self._to(who, whom, "follow")

        return [ask, *(lambda number=number: self._correspond(number) for number in range(len(circles.letters)))]

    def hiding(self) -> list[Job]:
        """The viewer mutes and blocks."""
        circles = self._planned.circles
        return [
            *(lambda whom=whom: self._to(VIEWER, whom, "mute") for whom in circles.muted),
            *(lambda whom=whom: self._to(VIEWER, whom, "block") for whom in circles.blocked),
        ]

    def _talk(self, number: int, post: PlannedPost) -> None:
        said: list[str | None] = []
        for place, remark in enumerate(post.remarks):
            answered = self._state.posts[number] if remark.answers is None else said[remark.answers]
            key = f"demo-{number}-{place}"
            said.append(answered and self._write(remark.who, key, remark.text, answered, visibility=post.visibility))

    def _correspond(self, number: int) -> None:
        letter = self._planned.circles.letters[number]
        text = f"@{self._names[VIEWER]} {letter.text}"
        first = self._write(letter.who, f"demo-letter-{number}", text, visibility="direct")
        if letter.answer and first:
            text = f"@{self._names[letter.who]} {letter.answer}"
            self._write(VIEWER, f"demo-answer-{number}", text, first, visibility="direct")

    def _write(self, who: int, key: str, text: str, answered: str = "", *, visibility: str) -> str | None:
        """Post `text`, once for one `key`; its id, None when what it answers is gone."""
        form = {"status": text, "visibility": visibility, "language": "en"}
        if answered:
            form["in_reply_to_id"] = answered
        body = self._do(who, "/api/v1/statuses", key=key, **form)
        return str(body["id"]) if body else None

    def _to(self, who: int, whom: int, what: str, **form: str) -> None:
        self._do(who, f"/api/v1/accounts/{self._state.ids[self._names[whom]]}/{what}", **form)

    def _do(self, who: int, path: str, method: str = "POST", key: str = "", **form: str) -> Any:
        """One request of somebody; what it answers, None when what it is about is gone."""
        headers = {"Idempotency-Key": key} if key else None
        try:
            return self._client.call(
                method, path, self._state.tokens[self._names[who]], form=form, headers=headers
            ).body
        except RefusedError as error:
            if error.status != GONE:
                raise
            return None
