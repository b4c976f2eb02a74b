from django.urls import path
from rest_framework.routers import SimpleRouter

from dashboard.api.shares import ShareViewSet
from dashboard.api.views import BrowserViewSet, StatusViewSet, TimeView, TotalStatusViewSet

router = SimpleRouter(use_regex_path=False)
router.register("browsers", BrowserViewSet, basename="browser")
router.register("browsers/<uuid:instance_id>/statuses", StatusViewSet, basename="status")
router.register("browsers/<uuid:instance_id>/shares", ShareViewSet, basename="share")
router.register("statuses", TotalStatusViewSet, basename="total-status")

urlpatterns = [*router.urls, path("time/", TimeView.as_view(), name="time")]
