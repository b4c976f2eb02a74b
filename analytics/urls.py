from rest_framework.routers import SimpleRouter

from analytics.views import EventViewSet

router = SimpleRouter(use_regex_path=False)
router.register("browsers/<uuid:instance_id>/events", EventViewSet, basename="event")

urlpatterns = router.urls
