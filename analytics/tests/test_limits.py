"""The use of the service-wide limits, as Prometheus reads it."""

from django.test import TestCase, override_settings

from analytics.ingest.limits import quotas
from core.api.throttling import EVERYBODY, spend
from core.tests.limits import forget_all_calls


class QuotaTests(TestCase):
    @override_settings(EVENTS_PER_MINUTE_OF_ALL=1000)
    def test_service_wide_limits_are_reported_with_their_use(self):
        forget_all_calls()
        spend([(quota, EVERYBODY, 7) for quota in quotas()])
        text = self.client.get("/metrics").content.decode()
        self.assertIn('pointerscope_quota_limit{limit="events of all"} 1000.0', text)
        self.assertIn('pointerscope_quota_used{limit="events of all"} 7.0', text)
        self.assertIn('pointerscope_quota_used{limit="instances of all"} 7.0', text)
