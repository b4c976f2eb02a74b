import logging

from django.apps import AppConfig
from django.conf import settings

logger = logging.getLogger("core.settings")


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Pointerscope"

    def ready(self) -> None:
        # drf-spectacular finds only extensions that are imported.
        from dashboard.api import schema  # noqa: F401

        for said in settings.UNKNOWN_SETTINGS:
            logger.warning(said)
