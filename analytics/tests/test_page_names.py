"""Names of pages lose what can identify a person, and ordinary names stay as they are."""

from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from analytics.ingest.page_names import normalise

KEPT = (
    *("/", "/pricing", "/a/b/c", "checkout", "Why us", "/index.html", "/café", "/CamelCase"),
    *("/order/:id", "/order/[id]", "/order/{id}", "/order/*"),
    *("/order/12345", "/v1.2.3/reference", "/blog/2026/11/30/title", "/top-10-of-2026"),
    *("/blog/2026-11-30-how-to-build-a-house", "/THE-BIG-CATALOGUE-OF-THINGS"),
    *("/internationalisation", "/the-internationalisation-of-telecommunications"),
    *("/samsung-galaxy-s24-ultra-256gb", "/wiki/Pneumonoultramicroscopicsilicovolcanoconiosis"),
    *("/deadbeef", "/a8f3k2l9", "/dQw4w9WgXcQ"),
)
CHANGED = {
    # Queries, fragments, parameters, and how an address is written.
    "/a?q=joe": "/a",
    "/a#joe": "/a",
    "/a%3Fq=joe/b": "/a",
    "/a;jsessionid=AB1/b;x": "/a/b",
    "?q=joe": "/",
    "/a/": "/a",
    "//a///b//": "/a/b",
    "/caf%C3%A9": "/café",
    "/cafe\u0301": "/café",
    "/a%2Fb": "/a/b",
    "/a%00b\n\u202ec": "/abc",
    " ": "/",
    # Identifiers.
    "/order/123456": "/order/*",
    "/order/AB-123456.pdf": "/order/*",
    "/\u0661\u0662\u0663\u0664\u0665\u0666": "/*",
    "/joe@example.com/x": "/*/x",
    "/joe%40example.com": "/*",
    "/joe%2540example.com": "/*",
    "/@joe": "/*",
    "/550e8400-e29b-41d4-a716-446655440000/x": "/*/x",
    "/order-550E8400-E29B-41D4-A716-446655440000": "/*",
    "/deadbeefdeadbeef": "/*",
    "/a8f3k2l9q0w1e2r3": "/*",
    "/title-of-it-a8f3k2l9q0w1e2r3": "/*",
    "/dGhpcyBpcyBubyByZWFs": "/*",
    "/dGhpc-BpcyBu_yByZWFs": "/*",
    "/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln": "/*",
}
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=14)
TOKENS = st.one_of(
    st.from_regex(r"[0-9]{6,20}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{16,40}", fullmatch=True),
    st.uuids().map(str),
    st.emails(),
    # Base64 of random bytes mixes its kinds of characters.
    st.from_regex(r"([a-z][A-Z][0-9]){6,12}", fullmatch=True),
)


class PageNameTests(TestCase):
    def test_ordinary_names_stay(self):
        self.assertEqual([normalise(name) for name in KEPT], list(KEPT))

    def test_what_identifies_goes(self):
        self.assertEqual({name: normalise(name) for name in CHANGED}, CHANGED)

    @given(st.lists(WORDS, max_size=5))
    def test_any_path_of_plain_words_stays(self, words):
        self.assertEqual(normalise("/" + "/".join(words)), "/" + "/".join(words))

    @given(WORDS, TOKENS, WORDS)
    def test_an_identifier_goes_and_its_neighbours_stay(self, before, token, after):
        # These characters of an address end a path or a segment.
        if not set(token) & set("?#/;%"):
            self.assertEqual(normalise(f"/{before}/{token}/{after}"), f"/{before}/*/{after}")

    @given(st.text(max_size=200))
    def test_any_text_becomes_a_name_that_can_be_stored_and_stays(self, text):
        name = normalise(text)
        self.assertTrue(0 < len(name) <= 200 and name.isprintable())
        self.assertFalse(set(name) & set("?#"))
