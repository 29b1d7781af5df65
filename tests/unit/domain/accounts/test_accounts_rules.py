"""The rules that need no store: names, text, scopes, profiles, redirect addresses, passwords."""

import msgspec
import pytest

from heliograph.base.errors import RateLimitedError, ValidationError
from heliograph.domain.accounts import apps, names, scopes
from heliograph.domain.accounts.account import Account, Field, ProfileChanges, changed
from heliograph.domain.accounts.bearer import Bearer, mint
from heliograph.domain.accounts.codes import challenge_of, checked_challenge
from heliograph.domain.accounts.limits import _network
from heliograph.domain.accounts.mail import Mailer
from heliograph.domain.accounts.oauth_errors import InvalidRedirectError, InvalidScopeError, OAuthError
from heliograph.domain.accounts.passwords import WAITING_MAX, Passwords, common, problems_of
from heliograph.domain.accounts.text import line, plain

ACCOUNT = Account(id=1 << 22, username="ada")


@pytest.mark.parametrize("name", ["ada", "Ada_99", "_", "a" * 30])
def test_usernames_that_are_fine(name):
    assert names.username_problems(name) == []
    assert names.is_username(name)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("", ["ERR_BLANK"]),
        ("a b", ["ERR_INVALID"]),
        ("a.b", ["ERR_INVALID"]),
        ("ada\n", ["ERR_INVALID"]),
        ("ada\0", ["ERR_INVALID"]),
        ("żółw", ["ERR_INVALID"]),
        ("ſ", ["ERR_INVALID"]),
        ("a" * 31, ["ERR_TOO_LONG"]),
        ("-" * 31, ["ERR_INVALID", "ERR_TOO_LONG"]),
        ("Admin", ["ERR_RESERVED"]),
    ],
)
def test_usernames_that_are_refused(name, codes):
    assert [code for code, _ in names.username_problems(name)] == codes


@pytest.mark.parametrize("address", ["a@b", "a.b+c@example.org", "o'neil@sub.example.co.uk"])
def test_addresses_that_are_fine(address):
    assert names.email_problems(address) == []


@pytest.mark.parametrize(
    "address",
    ["a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@-b", "a@b.", '"a b"@c', "a\0@b", "x" * 65 + "@b", "ä@b"],
)
def test_addresses_that_are_refused(address):
    assert names.email_problems(address)


def test_text_loses_controls_and_keeps_what_people_write():
    assert line("  a\0b \t\n c\u0085 ") == "ab c"
    assert plain("one\r\ntwo\rthree\x07") == "one\ntwo\nthree"
    assert line("\ud800x") == "x"
    assert line("👩‍👩‍👧 \U0001fae8") == "👩‍👩‍👧 \U0001fae8"


def test_bearer_routes_and_hides_its_secret():
    text, bearer = mint((7 << 22) | (1007 << 12))
    assert Bearer.parse(text) == bearer
    assert bearer.slot == 1007
    assert text.partition(".")[2].encode() not in bearer.hash
    assert mint(1)[0] != mint(1)[0]


@pytest.mark.parametrize("text", ["", ".", "1.", ".x", "-1.x", "x.y", "1", str(1 << 63) + ".x", "1." + "x" * 65, "١.x"])
def test_what_cannot_be_a_bearer(text):
    assert Bearer.parse(text) is None


def test_scopes_cover_what_lies_beneath_them():
    assert scopes.covers(("read",), "read:statuses")
    assert scopes.covers(("follow",), "write:follows")
    assert scopes.covers(("admin:read",), "admin:read:accounts")
    assert not scopes.covers(("read:statuses",), "read")
    assert not scopes.covers(("read",), "write")
    assert not scopes.covers(("follow",), "read:statuses")
    assert not scopes.covers(("write",), "admin:write:accounts")
    assert not scopes.covers(("profile",), "read:accounts")
    assert not scopes.covers((), "read")


def test_scopes_are_read_from_text():
    assert scopes.parse("read write:media  read") == ("read", "write:media")
    assert scopes.parse("read+push") == ("read", "push")
    assert scopes.parse("") == ("read",)
    for bad in ("admin", "read:", "reads", "read:everything", "read,write"):
        with pytest.raises(InvalidScopeError):
            scopes.parse(bad)


def test_an_app_cannot_ask_for_more_than_it_registered():
    assert scopes.narrowed("read:statuses", ("read",)) == ("read:statuses",)
    assert scopes.narrowed("", ("read", "write")) == ("read",)
    with pytest.raises(InvalidScopeError):
        scopes.narrowed("read write", ("read",))
    with pytest.raises(InvalidScopeError):
        scopes.narrowed("", ("write",))


def test_pkce_takes_s256_alone():
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of(verifier) == challenge
    assert checked_challenge(challenge, "S256") == challenge
    assert checked_challenge(None, None) is None
    for method, given in (("plain", challenge), (None, challenge), ("S256", "short"), ("S256", challenge + "=")):
        with pytest.raises(OAuthError):
            checked_challenge(given, method)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback?x=1",
        "http://localhost:8000/",
        "com.example.app://oauth",
        "icecubesapp://",
        "urn:ietf:wg:oauth:2.0:oob",
        "http://[::1]:9/cb",
    ],
)
def test_redirect_addresses_that_are_fine(uri):
    assert apps._redirects([uri]) == [uri]


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "can't be blank"),
        ("/relative", "absolute"),
        ("app.example", "absolute"),
        ("https://", "absolute"),
        ("https:///path", "absolute"),
        ("http://[::1", "absolute"),
        ("https://user@a.example/", "absolute"),
        ("https://a;sandbox/", "absolute"),
        ("https://:80/", "absolute"),
        ("https://a/#x", "fragment"),
        ("https://a/#", "fragment"),
        ("javascript:alert(1)", "forbidden"),
        ("DATA:text/html,x", "forbidden"),
        ('https://a/";x', "absolute"),
        ("https://a/\0", "absolute"),
        ("https://ä.example/", "absolute"),
        ("https://a/" + "x" * 2000, "too long"),
    ],
)
def test_redirect_addresses_that_are_refused(uri, says):
    with pytest.raises(ValidationError, match=says):
        apps._redirects([uri])


def test_a_redirect_matches_exactly_or_not_at_all():
    app = apps.App(1, "c", b"", "App", None, ("https://a.example/cb",), ("read",))
    assert apps.checked_redirect(app, "https://a.example/cb") == "https://a.example/cb"
    for near in ("https://a.example/cb/", "https://a.example/cb?x", "https://A.example/cb", "https://a.example", ""):
        with pytest.raises(InvalidRedirectError):
            apps.checked_redirect(app, near)


def test_profiles_keep_to_their_limits():
    full = changed(
        ACCOUNT, ProfileChanges(display_name="x" * 30, note="y" * 500, fields=(Field("n" * 255, "v" * 255),) * 4)
    )
    assert len(full.fields) == 4
    assert changed(full, ProfileChanges()) == full
    for bad, field in (
        (ProfileChanges(display_name="x" * 31), "display_name"),
        (ProfileChanges(note="x" * 501), "note"),
        (ProfileChanges(fields=(Field("a", "b"),) * 5), "fields"),
        (ProfileChanges(fields=(Field("a", "v" * 256),)), "fields"),
        (ProfileChanges(default_visibility=3), "default_visibility"),
    ):
        with pytest.raises(ValidationError) as refused:
            changed(ACCOUNT, bad)
        assert list(refused.value.details) == [field]


def test_empty_fields_fall_away_and_one_line_stays_one_line():
    result = changed(ACCOUNT, ProfileChanges(display_name="A\nda", fields=(Field("", " "), Field("Site", "x"))))
    assert result.display_name == "A da"
    assert result.fields == (Field("Site", "x"),)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "ERR_BLANK"),
        ("short12", "ERR_TOO_SHORT"),
        ("x" * 257, "ERR_TOO_LONG"),
        ("Password123", "ERR_INVALID"),
        ("zzzzzzzzzz", "ERR_INVALID"),
        ("Ada_Lovelace", "ERR_INVALID"),
        ("adalovelace1815!", "ERR_INVALID"),
        ("ada@engines.example", "ERR_INVALID"),
        ("countess.of.engines", "ERR_INVALID"),
        ("Heliograph2026", "ERR_INVALID"),
        ("lightbox-42", "ERR_INVALID"),
        ("photos.lightbox.example", "ERR_INVALID"),
    ],
)
def test_passwords_that_are_refused(password, code):
    names = ("ada_lovelace", "countess.of.engines@engines.example", "ada@engines.example", "")
    site = ("Light Box", "www.photos.lightbox.example", "photos.lightbox.example")
    assert [found for found, _ in problems_of(password, not_like=(*names, *site))] == [code]


def test_what_leaks_most_is_refused():
    assert len(common()) >= 3000, "OWASP ASVS 6.2.4"
    assert all(problems_of(password) for password in common())
    assert all(problems_of(password.upper()) for password in common() if password.isascii())


def test_a_name_within_a_longer_password_is_no_fault():
    assert problems_of("ada and four grey horses", not_like=("ada",)) == []


def test_passphrases_of_any_script_are_fine():
    for password in ("correct horse battery staple", "żółta łódź podwodna", "四字熟語を四つ書く", "p" * 255 + "q"):
        assert problems_of(password) == []


async def test_a_password_is_right_however_it_is_composed_and_nothing_else_is():
    passwords = Passwords(time_cost=1, memory_kib=64)
    stored = await passwords.hash("caf\u00e9 au lait")
    assert stored.startswith("$argon2id$")
    assert (await passwords.check(stored, "cafe\u0301 au lait")).right
    assert not (await passwords.check(stored, "cafe au lait")).right
    assert not (await passwords.check(None, "cafe au lait")).right
    assert not (await passwords.check("not a hash", "x")).right


async def test_what_is_too_long_is_not_taken_for_its_beginning():
    passwords = Passwords(time_cost=1, memory_kib=64)
    stored = await passwords.hash("x" * 255 + "y")
    assert (await passwords.check(stored, "x" * 255 + "y")).right
    assert not (await passwords.check(stored, "x" * 255 + "yz")).right


async def test_hashes_with_older_parameters_are_told_apart():
    old = await Passwords(time_cost=1, memory_kib=64).hash("a good password")
    verdict = await Passwords(time_cost=2, memory_kib=64).check(old, "a good password")
    assert verdict.right
    assert verdict.outdated


async def test_the_default_parameters_are_those_that_are_documented():
    passwords = Passwords()
    assert not (await passwords.check(await passwords.hash("a good password"), "a good password")).outdated
    assert passwords._nobody.startswith("$argon2id$v=19$m=32768,t=3,p=1$")


async def test_a_crowd_at_the_door_is_told_to_come_back():
    passwords = Passwords(time_cost=1, memory_kib=64)
    passwords._waiting = WAITING_MAX
    with pytest.raises(RateLimitedError):
        await passwords.hash("a good password")


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", "unknown"),
    ],
)
def test_one_customer_of_ipv6_counts_as_one(address, who):
    assert _network(address) == who


def test_mail_servers_that_make_no_sense_are_refused():
    from heliograph.base.errors import ConfigError

    for url in ("mail.example", "http://mail.example", "smtp://", "smtp://h:99999"):
        with pytest.raises(ConfigError) as refused:
            Mailer(url, "a@b")
        assert "secret" not in str(refused.value)
    assert not Mailer("", "a@b").enabled


def test_changes_name_every_column_that_a_person_may_change():
    assert set(ProfileChanges.__struct_fields__) <= set(Account.__struct_fields__)
    assert not {"id", "username", "state", "role", "pull_from"} & set(ProfileChanges.__struct_fields__)
    assert msgspec.structs.asdict(ProfileChanges()) == dict.fromkeys(ProfileChanges.__struct_fields__, msgspec.UNSET)
