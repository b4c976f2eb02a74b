"""A caller's address is the connection's, or what our own proxies say; never the caller's word."""

from django.test import RequestFactory, SimpleTestCase

from core.addresses import client_address

CONNECTION = "10.0.0.9"


def address(forwarded=None):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=CONNECTION, **extra))


class AddressTests(SimpleTestCase):
    def test_without_proxies_no_header_is_believed(self):
        self.assertEqual(address(), CONNECTION)
        self.assertEqual(address("203.0.113.5"), CONNECTION)

    def test_behind_one_proxy_it_is_whom_that_proxy_saw(self):
        with self.settings(TRUSTED_PROXIES=1):
            self.assertEqual(address("203.0.113.5"), "203.0.113.5")
            self.assertEqual(address("198.51.100.1, 203.0.113.5"), "203.0.113.5")

    def test_behind_two_it_is_whom_the_outer_one_saw(self):
        with self.settings(TRUSTED_PROXIES=2):
            self.assertEqual(address("1.1.1.1,203.0.113.5 , 10.0.0.1"), "203.0.113.5")

    def test_a_header_that_did_not_pass_all_proxies_is_not_believed(self):
        with self.settings(TRUSTED_PROXIES=2):
            self.assertEqual(address("203.0.113.5"), CONNECTION)

    def test_what_is_no_address_is_not_believed(self):
        with self.settings(TRUSTED_PROXIES=1):
            for forwarded in ("", "unknown", "203.0.113.5:4711", "fe80::1%eth0", "9" * 5000, "\0"):
                with self.subTest(forwarded[:20]):
                    self.assertEqual(address(forwarded), CONNECTION)

    def test_one_address_has_one_spelling(self):
        with self.settings(TRUSTED_PROXIES=1):
            self.assertEqual(address("2001:DB8:0:0::0001"), "2001:db8::1")
