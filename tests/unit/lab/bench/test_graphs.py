"""Graphs for measurements: the file where it is, else one of its size."""

from collections import Counter

from heliograph.lab.bench import graphs


def test_a_made_graph_has_the_size_of_reed98_and_few_whom_many_know(monkeypatch):
    monkeypatch.delenv(graphs.DATA, raising=False)
    name, edges = graphs.reed98()
    assert "made" in name
    assert 18_000 < len(edges) < 19_500
    assert len(set(edges)) == len(edges)
    degrees = Counter(end for edge in edges for end in edge)
    assert sorted(degrees) == list(range(graphs.REED98_PEOPLE))
    assert max(degrees.values()) > 5 * sorted(degrees.values())[len(degrees) // 2]


def test_the_file_is_read_where_it_is(monkeypatch, tmp_path):
    (tmp_path / graphs.REED98).write_text("1 0\n15 0\n")
    monkeypatch.setenv(graphs.DATA, str(tmp_path))
    assert graphs.reed98() == ("Reed98", [(1, 0), (15, 0)])
