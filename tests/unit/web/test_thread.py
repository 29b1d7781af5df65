"""Where comments stand below a post."""

from heliograph.web.pages.thread import placed


def _comment(ident: str, answers: str) -> dict:
    return {"id": ident, "in_reply_to_id": answers, "account": {"display_name": f"Author of {ident}"}}


def test_each_comment_is_one_level_below_what_it_answers_down_to_the_last():
    thread = [_comment("2", "1"), _comment("3", "2"), _comment("4", "3"), _comment("5", "4"), _comment("6", "1")]
    shown = placed("1", thread)
    assert [each["level"] for each in shown] == [0, 1, 2, 2, 0]
    assert [each["to"] and each["to"]["display_name"] for each in shown] == [None, None, None, "Author of 4", None]


def test_an_answer_to_a_comment_that_is_not_shown_begins_anew():
    assert [each["level"] for each in placed("1", [_comment("4", "3"), _comment("5", "4")])] == [0, 1]
