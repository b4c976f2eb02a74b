from django.urls import path

from dashboard.pages import live

urlpatterns = [
    path("", live, name="live"),
    path("browsers/<uuid:instance_id>/", live, name="browser"),
]
