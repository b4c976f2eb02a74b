from rest_framework.routers import SimpleRouter

from analytics.api.scenes import MarkViewSet, SceneViewSet
from analytics.api.views import EventViewSet, MeasureViewSet

router = SimpleRouter(use_regex_path=False)
router.register("browsers/<uuid:instance_id>/events", EventViewSet, basename="event")
router.register("browsers/<uuid:instance_id>/scenes", SceneViewSet, basename="scene")
router.register("browsers/<uuid:instance_id>/marks", MarkViewSet, basename="mark")
router.register("browsers/<uuid:instance_id>/measures", MeasureViewSet, basename="measure")

urlpatterns = router.urls
