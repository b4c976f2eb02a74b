from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        # drf-spectacular knows the extensions that have been imported.
        from dashboard.api import schema  # noqa: F401
