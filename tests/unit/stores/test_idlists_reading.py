"""What is made of the replies about one list. Between two commands others may write, so replies may disagree."""

import pytest

from heliograph.stores.idlists import IdList, _parsed


@pytest.mark.parametrize(
    ("last", "items", "expected"),
    [
        (None, [], IdList([], 0, built=False)),
        (b"0", [b"0"], IdList([], 0, built=True)),
        (b"-1", [b"-1"], IdList([], 0, built=False)),
        (b"0", [b"9", b"8", b"0"], IdList([9, 8], 0, built=True)),
        (b"0", [b"9", b"8"], IdList([9, 8], 7, built=True)),
        (b"3", [b"9", b"8", b"3"], IdList([9, 8, 3], 2, built=True)),
        # It was being built when we asked for its marker, or is being built anew: not to be believed.
        (b"-1", [b"9", b"0"], IdList([9], 0, built=False)),
        (b"0", [b"9", b"-1"], IdList([9], 0, built=False)),
        # It ran out between the two, or was made between the two.
        (b"0", [], IdList([], 0, built=False)),
        (None, [b"9", b"0"], IdList([], 0, built=False)),
    ],
)
def test_replies(last: bytes | None, items: list[bytes], expected: IdList) -> None:
    assert _parsed(last, items) == expected
