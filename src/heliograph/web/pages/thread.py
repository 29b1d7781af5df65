"""What is talked about a post, for its page: what it answers above, the comments below, each at its level."""

from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.shown import Entity, entities
from heliograph.web.request import Request

# Deeper ones are not moved in any further: a phone is narrow.
LEVELS = 2
COMMENTS = 200


async def thread_of(request: Request, post: Entity) -> Entity:
    """`above` and `below`, posts for the template, and `left_out`, how many comments are not shown."""
    found = await product_of(request).contexts.of(viewer_or_none(request), int(post["id"]))
    below = placed(post["id"], entities(found.descendants[:COMMENTS]))
    return {
        "above": entities(found.ancestors),
        "below": below,
        "left_out": len(found.descendants) - len(below),
    }


def placed(root: str, comments: list[Entity]) -> list[Entity]:
    """`comments`, depth first, with `level` (0 to LEVELS) and, where the level does not tell, whom each answers (`to`)."""
    depths, names = {root: -1}, dict[str, Entity]()
    for comment in comments:
        parent = comment["in_reply_to_id"]
        depth = depths.get(parent, -1) + 1
        depths[comment["id"]], names[comment["id"]] = depth, comment["account"]
        comment["level"] = min(depth, LEVELS)
        comment["to"] = names.get(parent) if depth > LEVELS else None
    return comments
