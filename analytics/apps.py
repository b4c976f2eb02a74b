from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics.rollups import store_ladder_after_migrate

        post_migrate.connect(store_ladder_after_migrate, sender=self)
