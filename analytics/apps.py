from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_delete


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics.maps import mark_pages_of_erased
        from analytics.rollups import store_ladder_after_migrate
        from dashboard.models import Browser

        pre_delete.connect(mark_pages_of_erased, sender=Browser)
        post_migrate.connect(store_ladder_after_migrate, sender=self)
