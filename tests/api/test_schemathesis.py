"""A fuzzer reads the OpenAPI document and calls everything in it: never a 500, never an answer that the document does not tell.

Two minutes here, twenty among the long tests. What it makes (posts, follows, uploads) it uses in further calls.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from living_site import Site

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Streams do not end, and who revokes their own token has nothing more to say.
NOT_CALLED = "/streaming|/oauth/revoke"
GRACE_S = 120


def fuzzed(site: Site, seconds: int, seed: int) -> None:
    """Fuzz for so long as a person with posts, followers and requests; fails with what the fuzzer has found."""
    person, other = site.person(), site.person()
    other.follow(person)
    post = person.publish("Fuzz #me", media_ids=[person.photo()["id"]])["id"]
    other.post(f"/api/v1/statuses/{post}/favourite")
    site.settled()
    done = subprocess.run(
        [
            str(SCHEMATHESIS), "run", f"{site.url}/docs/openapi.json",
            "--header", f"Authorization: Bearer {person.token}",
            "--checks", CHECKS, "--exclude-path-regex", NOT_CALLED,
            "--phases", "coverage,fuzzing,stateful", "--max-time", str(seconds), "--seed", str(seed),
            "--request-timeout", "20", "--continue-on-failure", "--no-color", "--generation-database", "none",
            "--suppress-health-check", "all", "--warnings", "off",
        ],
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_S,
        check=False,
        cwd=site.folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "passed" in done.stdout


@pytest.mark.timeout(120 + 2 * GRACE_S)
def test_two_minutes_of_fuzzing(site: Site):
    fuzzed(site, 120, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1200 + 2 * GRACE_S)
def test_twenty_minutes_of_fuzzing(site: Site):
    fuzzed(site, 1200, seed=2)
