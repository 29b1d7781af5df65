"""The page of endpoints says what is: held against the route table, and against the tests that it names."""

import re

from endpoint_table import PAGE, ROOT, documented, reasons, state_of

ROW = re.compile(r"^\| `([^`]+)` \| (done|empty|later|not ours) \| (.*) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    return {name: (state, shown) for name, state, shown in ROW.findall(PAGE.read_text())}


def test_it_has_every_documented_endpoint_in_its_true_state():
    assert {name: state for name, (state, _) in rows().items()} == {
        endpoint.name: state_of(endpoint)[0] for endpoint in documented()
    }


def test_every_endpoint_that_is_done_is_shown_by_a_test_that_exists():
    for name, (state, shown) in rows().items():
        if state != "done":
            continue
        path, _, test = shown.strip("`").partition("::")
        assert f"def {test.rpartition('::')[2]}(" in (ROOT / path).read_text(), name


def test_no_reason_is_given_for_what_is_here():
    known = {endpoint.name: endpoint for endpoint in documented()}
    pages = {endpoint.page for endpoint in documented()}
    for state in ("later", "not_ours"):
        for name in reasons(state):
            assert name in known or name in pages, name
            assert name not in known or state_of(known[name])[0] != "done", name
