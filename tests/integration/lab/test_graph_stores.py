"""The stores that are compared answer alike; that they are asked by what the product has is the point of the comparison."""

from heliograph.lab.graph import questions
from heliograph.lab.graph.adjacency import Sets, SortedSets
from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.tables import Tables


async def test_tables_and_adjacency_lists_answer_alike(product, monkeypatch):
    monkeypatch.setattr(questions, "ASKERS", 12)
    monkeypatch.setattr(questions, "WARMING", 1)
    graph = Graph(10_000, seed=2)
    valkey = product.stores.valkey
    stores = [Tables(product.stores.shards), SortedSets(valkey), Sets(valkey)]
    found = [await questions.ask(store, graph) for store in stores]
    assert questions.differences(found) == []
    tables, sorted_sets, sets = found
    famous = graph.most_followed()
    assert tables.given[questions.PAGES] == {graph.ident(who) for who, _ in graph.followers(famous)}
    newest = sorted(graph.followers(famous), key=lambda follow: -follow[1])[:40]
    assert tables.given[questions.NEWEST][0] == [graph.ident(who) for who, _ in newest]
    assert questions.NEWEST not in sets.given
    # Not by luck: there is something to find in each of them.
    assert any(tables.given[questions.AMONG])
    assert any(tables.given[questions.MUTUALS])
    assert all(tables.given[questions.SUGGESTIONS])
    assert "MB on disk" in tables.size
    assert "MB of memory" in sorted_sets.size


async def test_suggestions_are_counted_by_whom_one_follows(product):
    graph = Graph(10_000, seed=3)
    store = Tables(product.stores.shards)
    await store.load(graph)
    person = next(one for one in range(graph.people) if 2 <= sum(1 for _ in graph.following(one)) <= 200)
    mine = [whom for whom, _ in graph.following(person)]
    known = {person, *mine}
    theirs = [whom for one in mine for whom, _ in graph.following(one) if whom not in known]
    best = sorted(set(theirs), key=lambda whom: (-theirs.count(whom), whom))[:40]
    assert await store.suggestions(graph.ident(person)) == [(graph.ident(whom), theirs.count(whom)) for whom in best]
