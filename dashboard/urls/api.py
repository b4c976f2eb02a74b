from django.urls import path

from dashboard.views import LogOffView, LogOnView, StatusesView, TimeView

urlpatterns = [
    path("browsers/", LogOnView.as_view(), name="browsers"),
    path("browsers/<uuid:instance_id>/log-off/", LogOffView.as_view(), name="log-off"),
    path("browsers/<uuid:instance_id>/statuses/", StatusesView.as_view(), name="statuses"),
    path("time/", TimeView.as_view(), name="time"),
]
