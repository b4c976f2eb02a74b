"""The probes answer operators' networks, and reveal nothing to others."""

from ipaddress import ip_network

from django.test import SimpleTestCase, TestCase, override_settings

from core.tests.test_settings import boot
from core.web.operators import is_operator

OFFICE = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
PROBES = ("/readyz", "/metrics")


class OperatorTests(SimpleTestCase):
    def test_by_default_only_this_machine_is_an_operator(self):
        self.assertTrue(all(map(is_operator, ("127.0.0.1", "127.8.9.1", "::1"))))
        for address in ("10.1.2.3", "192.168.0.1", "2001:db8::1", "", "localhost"):
            self.assertFalse(is_operator(address), address)

    @override_settings(OPERATOR_NETWORKS=OFFICE)
    def test_networks_are_a_setting_and_an_embedded_ipv4_address_is_one(self):
        self.assertTrue(all(map(is_operator, ("10.1.2.3", "::ffff:10.1.2.3", "fd00::7"))))
        self.assertFalse(any(map(is_operator, ("127.0.0.1", "10.2.0.1", "::ffff:10.2.0.1"))))

    def test_an_invalid_network_stops_the_start(self):
        self.assertIn("OPERATOR_NETWORKS", boot(OPERATOR_NETWORKS="the office").stderr)


class ProbeTests(TestCase):
    def assert_refused(self, **call):
        for path in PROBES:
            with self.subTest(path, **call):
                answer = self.client.get(path, **call)
                self.assertEqual(answer.status_code, 403)
                self.assertEqual(answer.content, b"for OPERATOR_NETWORKS only\n")

    def assert_answered(self, **call):
        for path in ("/readyz?only=database", "/metrics"):
            with self.subTest(path, **call):
                self.assertEqual(self.client.get(path, **call).status_code, 200)

    def test_others_are_refused_and_learn_nothing(self):
        self.assert_refused(REMOTE_ADDR="203.0.113.9")

    @override_settings(TRUSTED_PROXIES=1)
    def test_behind_a_proxy_the_caller_counts_and_not_the_proxy(self):
        self.assert_refused(headers={"X-Forwarded-For": "203.0.113.9"})
        self.assert_answered(headers={"X-Forwarded-For": "127.0.0.1"}, REMOTE_ADDR="10.0.0.9")

    @override_settings(TRUSTED_PROXIES=1)
    def test_a_port_in_the_proxys_header_does_not_matter(self):
        for forwarded in ("203.0.113.9:4711", "[2001:db8::1]:443", "[2001:db8::1]"):
            self.assert_refused(headers={"X-Forwarded-For": forwarded})
        for forwarded in ("127.0.0.1:4711", "[::1]:443"):
            self.assert_answered(headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="10.0.0.9")

    @override_settings(TRUSTED_PROXIES=1)
    def test_behind_a_proxy_that_reports_no_address_everybody_is_refused(self):
        self.assert_refused()
        for forwarded in ("unknown", "_hidden", "", ",", "fe80::1%lo", "127.0.0.1,"):
            self.assert_refused(headers={"X-Forwarded-For": forwarded})

    @override_settings(TRUSTED_PROXIES=2)
    def test_a_call_that_did_not_pass_all_proxies_is_refused(self):
        self.assert_refused(headers={"X-Forwarded-For": "127.0.0.1"})

    def test_behind_an_uncounted_proxy_everybody_is_refused(self):
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            self.assert_refused(headers={name: "203.0.113.9"})
        self.assert_answered()

    @override_settings(TRUSTED_PROXIES=1, PROBE_PORT=8002)
    def test_at_the_probe_port_the_connection_counts(self):
        self.assert_answered(SERVER_PORT="8002")
        self.assert_refused(SERVER_PORT="8002", REMOTE_ADDR="203.0.113.9")
        self.assert_refused(SERVER_PORT="8000")
        # The header is the caller's own claim.
        self.assert_refused(SERVER_PORT="8000", headers={"Host": "localhost:8002"})

    @override_settings(TRUSTED_PROXIES=1, PROBE_PORT=8002)
    def test_a_proxy_in_front_of_the_probe_port_opens_nothing(self):
        self.assert_refused(SERVER_PORT="8002", headers={"X-Forwarded-For": "127.0.0.1"})

    @override_settings(TRUSTED_PROXIES=1)
    def test_without_the_setting_no_port_is_the_probe_port(self):
        self.assert_refused(SERVER_PORT="0")

    def test_anybody_may_ask_whether_the_process_is_up(self):
        self.assertEqual(self.client.get("/healthz", REMOTE_ADDR="203.0.113.9").status_code, 200)

    def test_without_a_folder_a_process_reports_its_own_numbers(self):
        self.client.get("/healthz")
        text = self.client.get("/metrics").content.decode()
        self.assertRegex(
            text, 'pointerscope_requests_total{method="GET",route="healthz",status="200"} [1-9]'
        )
        self.assertIn('pointerscope_outbox_rows{rung="1s"} 0.0', text)
