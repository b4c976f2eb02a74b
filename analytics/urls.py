from django.urls import path

from analytics.views import EventsView

urlpatterns = [
    path("browsers/<uuid:instance_id>/events/", EventsView.as_view(), name="events"),
]
