from rest_framework.routers import SimpleRouter

from analytics.api.page_shares import PageShareViewSet
from analytics.api.pages import PageViewSet
from analytics.api.scenes import MarkViewSet, SceneViewSet
from analytics.api.studies import StudyViewSet
from analytics.api.study_shares import StudyShareViewSet
from analytics.api.trials import TrialViewSet
from analytics.api.views import EventViewSet, MeasureViewSet

router = SimpleRouter(use_regex_path=False)
router.register("browsers/<uuid:instance_id>/events", EventViewSet, basename="event")
router.register("browsers/<uuid:instance_id>/scenes", SceneViewSet, basename="scene")
router.register("browsers/<uuid:instance_id>/marks", MarkViewSet, basename="mark")
router.register("browsers/<uuid:instance_id>/measures", MeasureViewSet, basename="measure")
router.register("pages", PageViewSet, basename="page")
router.register("pages/<int:page_id>/shares", PageShareViewSet, basename="page-share")
router.register("trials", TrialViewSet, basename="trial")
router.register("studies", StudyViewSet, basename="study")
router.register("studies/shares", StudyShareViewSet, basename="study-share")

urlpatterns = router.urls
