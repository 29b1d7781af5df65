"""What is wrong with the fields of a form, in the codes and words that Mastodon's clients know."""

from collections import defaultdict

from heliograph.base.errors import ValidationError

Problem = tuple[str, str]

BLANK: Problem = ("ERR_BLANK", "can't be blank")
TAKEN: Problem = ("ERR_TAKEN", "has already been taken")
RESERVED: Problem = ("ERR_RESERVED", "is reserved")
NOT_ACCEPTED: Problem = ("ERR_ACCEPTED", "must be accepted")


def invalid(description: str = "is invalid") -> Problem:
    """A malformed value."""
    return ("ERR_INVALID", description)


def too_long(maximum: int) -> Problem:
    """More than `maximum` characters."""
    return ("ERR_TOO_LONG", f"is too long (maximum is {maximum} characters)")


def too_short(minimum: int) -> Problem:
    """Fewer than `minimum` characters."""
    return ("ERR_TOO_SHORT", f"is too short (minimum is {minimum} characters)")


class Problems:
    """Collects what is wrong, field by field."""

    def __init__(self) -> None:
        self._found: defaultdict[str, list[Problem]] = defaultdict(list)

    def add(self, field: str, *problems: Problem) -> None:
        """Blame `field`."""
        self._found[field].extend(problems)

    def limit(self, field: str, value: str, maximum: int) -> None:
        """Blame `field` if `value` is longer than `maximum` characters."""
        if len(value) > maximum:
            self.add(field, too_long(maximum))

    def refuse(self) -> None:
        """Raise ValidationError with all that was found, if anything was."""
        found = {field: problems for field, problems in self._found.items() if problems}
        if found:
            texts = [f"{_words(field)} {text}" for field, problems in found.items() for _, text in problems]
            raise ValidationError("Validation failed: " + ", ".join(texts), found)


def _words(field: str) -> str:
    return field.replace("_", " ").capitalize()
