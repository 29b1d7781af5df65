"""The made follow graph, and the page that keeps what stores made of it."""

from collections import Counter

import pytest

from heliograph.base import ids
from heliograph.lab.graph import page, questions
from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.questions import Answers


@pytest.fixture(scope="module")
def graph():
    return Graph(20_000, seed=1)


def test_both_orders_hold_the_same_follows(graph):
    forth = {(who, whom): number for who in range(graph.people) for whom, number in graph.following(who)}
    back = {(who, whom): number for whom in range(graph.people) for who, number in graph.followers(whom)}
    assert forth == back
    assert len(forth) == len(graph) == pytest.approx(20_000, rel=0.05)
    assert sorted(forth.values()) == list(range(len(graph)))
    assert all(who != whom for who, whom in forth)


def test_few_are_followed_by_very_many(graph):
    followers = Counter({person: sum(1 for _ in graph.followers(person)) for person in range(graph.people)})
    (most, count), *_ = followers.most_common()
    assert graph.most_followed() == most
    assert count > 5 * sorted(followers.values())[graph.people // 2]


def test_ids_grow_with_the_number_and_say_their_slot(graph):
    idents = [graph.ident(person) for person in range(graph.people)]
    assert idents == sorted(set(idents))
    assert [ids.slot_of(ident) for ident in idents[:3]] == [0, 1, 2]
    assert graph.rev(2, 5000) > graph.rev(2, 4095)
    assert ids.slot_of(graph.rev(2, 5000)) == ids.slot_of(graph.ident(2))


def an_answer(store, cell):
    return Answers(store, 1.0, "1 MB", {questions.AMONG: cell}, {questions.AMONG: [cell]})


def test_a_size_that_is_not_measured_keeps_its_table(tmp_path):
    path = tmp_path / "graph.md"
    path.write_text(f"# Graph\n\n{page.BEGIN}{page.END}\nThe end.\n")
    page.record(path, 20_000_000, 400_000, [an_answer("tables", "7 ms")])
    page.record(path, 1_000_000, 20_000, [an_answer("tables", "5 ms"), an_answer("sets", "3 ms")])
    page.record(path, 1_000_000, 20_000, [an_answer("tables", "4 ms"), an_answer("sets", "2 ms")])
    text = path.read_text()
    assert text.index("### At 1,000,000 edges") < text.index("### At 20,000,000 edges")
    assert "5 ms" not in text
    assert f"| {questions.AMONG} | 4 ms | 2 ms |" in text
    assert f"| {questions.MUTUALS} | cannot | cannot |" in text
    assert f"| {questions.AMONG} | 7 ms |" in text
    assert text.endswith("\nThe end.\n")


def test_a_page_without_marks_is_left_alone(tmp_path):
    path = tmp_path / "graph.md"
    path.write_text("# Graph\n")
    with pytest.raises(ValueError, match="no marks"):
        page.record(path, 1, 1, [an_answer("tables", "7 ms")])
    assert path.read_text() == "# Graph\n"


def test_other_answers_are_noticed():
    assert questions.differences([an_answer("tables", "a"), an_answer("sets", "a")]) == []
    (words,) = questions.differences([an_answer("tables", "a"), an_answer("sets", "b")])
    assert words.startswith("sets and tables differ about: is-following")
