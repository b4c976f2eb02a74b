from django.urls import path

from analytics.pages.list_views import Visitors, show_pages, show_visitors
from analytics.pages.map_view import show_map
from analytics.pages.overview_view import AllTogether, show_overview
from analytics.pages.pointing_view import StoredRings, show_pointing
from analytics.pages.study_list_view import StudyRows, show_studies
from analytics.pages.study_view import (
    OpenStudyShare,
    StudyFigures,
    show_shared_study,
    show_study,
)
from dashboard.pages.views import OpenShare

urlpatterns = [
    path("overview/", show_overview, name="overview"),
    path("overview/series/", AllTogether.as_view(), name="overview-series"),
    path("pages/", show_pages, name="pages"),
    path("pages/<int:page_id>/", show_map, name="page"),
    path("pages/<int:page_id>/shared/", OpenShare.as_view(), name="open-page-share"),
    path("pages/<int:page_id>/instances/", show_visitors, name="page-instances"),
    path("pages/<int:page_id>/instances/rows/", Visitors.as_view(), name="page-instance-rows"),
    path("studies/", show_studies, name="studies"),
    path("studies/<path:name>/", show_study, name="study"),
    # Not below `studies/`, where any name may follow. The query takes names that cannot be folders.
    path("study/", show_study, name="any-study"),
    path("study/list/", StudyRows.as_view(), name="study-rows"),
    path("study/figures/", StudyFigures.as_view(), name="study-figures"),
    path("study/shared/", show_shared_study, name="shared-study"),
    path("study/shared/open/", OpenStudyShare.as_view(), name="open-study-share"),
    path("tasks/pointing/", show_pointing, name="pointing"),
    path("tasks/pointing/<uuid:instance_id>/", StoredRings.as_view(), name="pointing-stored"),
]
