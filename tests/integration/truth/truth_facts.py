"""What is known of something that may be changing while one looks: yes, no, or (None) either of the two."""


def no(value):
    return None if value is None else not value


def every(*values):
    return False if False in values else None if None in values else True


def some(*values):
    return no(every(*map(no, values)))


class Fact:
    """A yes or no that people change over HTTP, by ticks of one clock; a change takes from its request to its answer."""

    def __init__(self):
        self.value = False
        self._changing = 0
        self._changed = 0

    def begin(self):
        self._changing += 1

    def end(self, began, now, value):
        """A change that began at `began` is over. Of two at once nobody knows which was the last."""
        self._changing -= 1
        self.value = None if self._changing or self._changed > began else value
        self._changed = now

    def quiet(self, since):
        """Whether no change was under way from `since` until now."""
        return not self._changing and self._changed <= since

    def known(self, since):
        """The value for whoever has looked from `since` until now."""
        return self.value if self.quiet(since) else None
