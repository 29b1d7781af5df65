"""Direct posts: one's conversations, and a new one. Each is read on the page of its last post."""

import secrets

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.accounts.names import is_username
from heliograph.domain.posts.post import MAX_CHARACTERS, Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.posts.text import mentioned_names
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, page_get, page_post
from heliograph.web.pages.shown import ButtonForm, entities, entity, id_in, is_prefetch, log_in_first, page_asked, shown
from heliograph.web.problems import status_of
from heliograph.web.request import Request

ADDRESS = "/conversations"
CONVERSATIONS = 20
MAX_KEY = 64


class LetterForm(msgspec.Struct, frozen=True):
    """A direct post. `key`: the same for each try, so that two tries make one post."""

    text: str = ""
    key: str = ""


@page_get(ADDRESS)
async def conversations_page(request: Request) -> Response[str]:
    """One's conversations, the one with the latest post first; `to`: whom one is about to write to."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    to = request.query_params.get("to", "")
    return await _shown(request, viewer, f"@{to} " if is_username(to) else "")


async def _shown(request: Request, viewer: int, text: str, problem: str = "", status: int = 200) -> Response[str]:
    page = page_asked(request, CONVERSATIONS)
    found = await product_of(request).conversations.page(viewer, page)
    older = f"max_id={found.oldest}" if len(found.items) >= CONVERSATIONS else ""
    return await shown(
        request,
        "conversations.html",
        status,
        conversations=entities(found.items),
        older=older,
        text=text,
        problem=problem,
        key=secrets.token_urlsafe(16),
        most_characters=MAX_CHARACTERS,
    )


@page_post(ADDRESS)
async def write(request: Request) -> Response[str]:
    """Write to whom the text names; the page again with what is wrong."""
    form, viewer = await checked(request, LetterForm), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    text = form.text.replace("\r\n", "\n").strip()
    try:
        ident = await _written(request, viewer, text, form.key[:MAX_KEY])
    except ValidationError as error:
        return await _shown(request, viewer, text, error.message.removeprefix("Validation failed: "), status_of(error))
    return go(f"/p/{ident}")


async def _written(request: Request, viewer: int, text: str, key: str) -> int:
    product = product_of(request)
    await _check_addressed(request, text)
    account = await product.profiles.get(viewer)
    draft = Draft(text, [], Visibility.DIRECT, language=account.default_language, key=key)
    return (await product.publishing.publish(viewer, draft)).post_id


async def _check_addressed(request: Request, text: str) -> None:
    """Raise ValidationError unless all whom `text` names are there: else it would go to fewer than its author believes."""
    names = mentioned_names(text)
    if text and not names:
        raise ValidationError("Please name whom it is for, as @name.")
    for name in names:
        try:
            await product_of(request).profiles.by_username(name)
        except NotFoundError:
            raise ValidationError(f"There is nobody called @{name} here.") from None


@page_get("/conversations/{ident:str}")
async def conversation(request: Request, ident: FromPath[str]) -> Response[str]:
    """Read a conversation: on to its last post."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    conversations = product_of(request).conversations
    if is_prefetch(request):
        found = await conversations.one(viewer, id_in(ident))
    else:
        found = await conversations.mark(viewer, id_in(ident), unread=False)
    if found is None:
        raise NotFoundError
    post = entity(found)["last_status"]
    return go(f"/@{post['account']['username']}/{post['id']}")


@page_post("/conversations/{ident:str}/remove")
async def remove(request: Request, ident: FromPath[str]) -> Response[str]:
    """Take a conversation off the list; its posts stay."""
    await checked(request, ButtonForm)
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    await product_of(request).conversations.remove(viewer, id_in(ident))
    return go(ADDRESS)


ROUTES = [conversations_page, write, conversation, remove]
