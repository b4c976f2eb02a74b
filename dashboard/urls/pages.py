from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard.instances.logins import Login
from dashboard.pages.views import Cells, PageLogOn, Rows, browsers, favicon, instance, live

urlpatterns = [
    path("", live, name="live"),
    path("log-on/", PageLogOn.as_view(), name="log-on"),
    path("browsers/", browsers, name="browsers"),
    path("browsers/rows/", Rows.as_view(), name="browser-rows"),
    path("browsers/cells/", Cells.as_view(), name="browser-cells"),
    path("browsers/<uuid:instance_id>/", instance, name="browser"),
    path("favicon.ico", favicon, name="favicon"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
