"""Whose address counts: the peer's, unless a trusted proxy speaks for somebody."""

import pytest

from heliograph.base.proxies import Proxies
from heliograph.web.peers import UNKNOWN, told

NEAR = "127.0.0.1, ::1, 10.0.0.0/8, 2001:db8:1::/48"


def test_nobody_is_trusted_by_default():
    assert told("127.0.0.1", ["1.2.3.4"], Proxies.parse("")) == "127.0.0.1"
    assert told(None, ["1.2.3.4"], Proxies.parse("")) == UNKNOWN


@pytest.mark.parametrize("peer", ["203.0.113.9", "2001:db8:2::9", "11.0.0.1"])
def test_what_a_stranger_says_of_themselves_is_ignored(peer):
    assert told(peer, ["1.2.3.4"], Proxies.parse(NEAR)) == peer


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], "127.0.0.1"),
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9, 10.0.0.5, 10.0.0.6"], "203.0.113.9"),
        (["6.6.6.6", "203.0.113.9, 10.0.0.5"], "203.0.113.9"),
        (["6.6.6.6, 10.0.0.9, 203.0.113.9"], "203.0.113.9"),
        (["10.0.0.7, 10.0.0.5"], "10.0.0.7"),
        (["203.0.113.9:5555"], "203.0.113.9"),
        (["2001:db8:2::9"], "2001:db8:2::9"),
        (["[2001:DB8:2::9]:443, 2001:db8:1::1"], "2001:db8:2::9"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, ::ffff:10.0.0.5"], "6.6.6.6"),
        (["fe80::1%eth0"], "fe80::1"),
        ([""], "127.0.0.1"),
        (["unknown"], "127.0.0.1"),
        (["6.6.6.6, nonsense"], "127.0.0.1"),
        (["6.6.6.6, nonsense, 10.0.0.5"], "10.0.0.5"),
        (["6.6.6.6,"], "127.0.0.1"),
        (["1.2.3.4.5"], "127.0.0.1"),
        (["[::1"], "::1"),
        (["é" * 1000], "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_is_believed_as_far_as_the_chain_is_trusted(forwarded, client):
    assert told("127.0.0.1", forwarded, Proxies.parse(NEAR)) == client


def test_a_peer_of_a_socket_for_both_families_is_known_by_its_ipv4_address():
    assert told("::ffff:10.0.0.5", ["203.0.113.9"], Proxies.parse(NEAR)) == "203.0.113.9"


def test_who_comes_through_a_unix_socket_is_trusted_only_by_name():
    assert told(None, ["203.0.113.9"], Proxies.parse(NEAR)) == UNKNOWN
    assert told(None, ["203.0.113.9"], Proxies.parse("unix")) == "203.0.113.9"
    assert told(None, ["203.0.113.9, 10.0.0.5"], Proxies.parse(f"unix, {NEAR}")) == "203.0.113.9"
    assert told(None, [], Proxies.parse("unix")) == UNKNOWN
    assert told("127.0.0.1", ["203.0.113.9"], Proxies.parse("unix")) == "127.0.0.1"
