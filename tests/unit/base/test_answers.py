"""Answers are counted in plain numbers, and exported as a counter and a histogram are."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from heliograph.base.metrics import ANSWER_SECONDS, Answers


def test_what_is_exported_is_what_was_counted():
    answers = Answers()
    took = [0.0004, 0.001, 0.0011, 0.3, 99.0]
    for seconds in took:
        answers.add("GET", "/api/v1/timelines/home", 200, seconds)
    answers.add("POST", "/api/v1/timelines/home", 503, 0.02)
    answers.add("GET", '/odd/{name:"x"}\n', 200, 0.02)
    registry = CollectorRegistry()
    registry.register(answers)
    families = {each.name: each for each in text_string_to_metric_families(generate_latest(registry).decode())}
    requests = {tuple(sample.labels.values()): sample.value for sample in families["heliograph_http_requests"].samples}
    assert requests == {
        ("GET", "/api/v1/timelines/home", "200"): 5,
        ("POST", "/api/v1/timelines/home", "503"): 1,
        ("GET", '/odd/{name:"x"}\n', "200"): 1,
    }
    home = [s for s in families["heliograph_http_request_seconds"].samples if s.labels["route"].startswith("/api")]
    buckets = {sample.labels["le"]: sample.value for sample in home if sample.name.endswith("_bucket")}
    assert [float(bound) for bound in buckets] == [*ANSWER_SECONDS, float("inf")]
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.25"], buckets["0.5"], buckets["10.0"], buckets["+Inf"]) == (
        2,
        3,
        4,
        5,
        5,
        6,
    )
    (total,) = [sample.value for sample in home if sample.name.endswith("_sum")]
    assert abs(total - sum(took) - 0.02) < 1e-9
    (count,) = [sample.value for sample in home if sample.name.endswith("_count")]
    assert count == 6
