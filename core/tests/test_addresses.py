"""A caller's address is the connection's, or what our own proxies report, never its own claim."""

from ipaddress import ip_address, ip_network

from django.test import RequestFactory, SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from core.web.addresses import UNKNOWN, caller_of, client_address, find_address

CONNECTION = "10.0.0.9"


def address(forwarded=None, connection=CONNECTION):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=connection, **extra))


class AddressTests(SimpleTestCase):
    def test_without_proxies_every_header_is_ignored(self):
        self.assertEqual(address(), CONNECTION)
        self.assertEqual(address("203.0.113.5"), CONNECTION)

    def test_behind_one_proxy_it_is_the_address_that_the_proxy_saw(self):
        with self.settings(TRUSTED_PROXIES=1):
            self.assertEqual(address("203.0.113.5"), "203.0.113.5")
            self.assertEqual(address("198.51.100.1, 203.0.113.5"), "203.0.113.5")

    def test_behind_two_proxies_it_is_the_address_that_the_outer_one_saw(self):
        with self.settings(TRUSTED_PROXIES=2):
            self.assertEqual(address("1.1.1.1,203.0.113.5 , 10.0.0.1"), "203.0.113.5")

    def test_a_header_that_did_not_pass_all_proxies_leaves_the_caller_unknown(self):
        with self.settings(TRUSTED_PROXIES=1):
            self.assertEqual(address(), UNKNOWN)
        with self.settings(TRUSTED_PROXIES=2):
            self.assertEqual(address("203.0.113.5"), UNKNOWN)

    def test_a_port_brackets_and_quotes_are_cut_off(self):
        for forwarded, found in (
            ("203.0.113.5:4711", "203.0.113.5"),
            (' "203.0.113.5:4711"\t', "203.0.113.5"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ('"[2001:db8::1]:443"', "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[::ffff:203.0.113.5]:443", "203.0.113.5"),
            ("1.1.1.1:1, 203.0.113.5:4711", "203.0.113.5"),
        ):
            with self.subTest(forwarded), self.settings(TRUSTED_PROXIES=1):
                self.assertEqual(address(forwarded), found)

    def test_an_invalid_address_is_unknown_and_never_the_proxys_own(self):
        with self.settings(TRUSTED_PROXIES=1):
            for forwarded in (
                *("", " ", "unknown", "_hidden", "-", "localhost", "203.0.113.5,", '""', "[]"),
                *("fe80::1%eth0", "[fe80::1%eth0]:80", "203.0.113.5:port", "203.0.113.5:4711:1"),
                *("[2001:db8::1", "2001:db8::1]", "[2001:db8::1]443", "203.0.113.256", "3405803"),
                *("9" * 5000, "[" * 5000, ":" * 5000, "\0", "127.0.0.1;203.0.113.5", "0x7f.0.0.1"),
            ):
                with self.subTest(forwarded[:20]):
                    self.assertEqual(address(forwarded), UNKNOWN)

    def test_one_address_has_one_spelling(self):
        with self.settings(TRUSTED_PROXIES=1):
            self.assertEqual(address("2001:DB8:0:0::0001"), "2001:db8::1")
            self.assertEqual(address("::ffff:203.0.113.5"), "203.0.113.5")
        self.assertEqual(address(connection="::ffff:203.0.113.5"), "203.0.113.5")

    def test_a_socket_of_the_file_system_has_no_address(self):
        self.assertEqual(address(connection=""), UNKNOWN)

    @given(st.text(max_size=60), st.integers(1, 3))
    def test_any_header_of_a_proxy_gives_an_address_or_unknown(self, forwarded, proxies):
        found = find_address(connection=CONNECTION, forwarded=forwarded, proxies=proxies)
        self.assertTrue(found == UNKNOWN or str(ip_address(found)) == found)

    @given(st.ip_addresses(), st.integers(0, 65535))
    def test_each_address_is_found_with_its_port_and_without(self, sent, port):
        known = getattr(sent, "ipv4_mapped", None) or sent
        bracketed = f"[{sent}]" if sent.version == 6 else f"{sent}"
        for entry in (f"{sent}", bracketed, f"{bracketed}:{port}"):
            found = find_address(connection=CONNECTION, forwarded=entry, proxies=1)
            self.assertEqual(found, str(known))


class CallerTests(SimpleTestCase):
    def test_an_ipv6_network_of_64_bits_is_one_caller(self):
        self.assertEqual(caller_of("2001:db8:1:2::1"), caller_of("2001:db8:1:2:ffff::9"))
        self.assertNotEqual(caller_of("2001:db8:1:2::1"), caller_of("2001:db8:1:3::1"))

    def test_each_ipv4_address_is_one_caller_and_unknown_addresses_are_one(self):
        self.assertEqual(caller_of("203.0.113.5"), "203.0.113.5")
        self.assertEqual(caller_of(UNKNOWN), UNKNOWN)

    @given(st.ip_addresses(v=6))
    def test_a_caller_is_an_address_of_the_same_network(self, sent):
        caller = ip_address(caller_of(str(sent)))
        self.assertIn(sent, ip_network((caller, 64)))
