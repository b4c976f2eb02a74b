from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard.access.logins import Login
from dashboard.pages import instance
from dashboard.pages.access import access, make_key, revoke_key, revoke_link
from dashboard.pages.views import (
    Cells,
    OpenShare,
    PageLogOn,
    Rows,
    browsers,
    favicon,
    live,
)

urlpatterns = [
    path("", live, name="live"),
    path("log-on/", PageLogOn.as_view(), name="log-on"),
    path("browsers/", browsers, name="browsers"),
    path("browsers/rows/", Rows.as_view(), name="browser-rows"),
    path("browsers/cells/", Cells.as_view(), name="browser-cells"),
    path("browsers/<uuid:instance_id>/", instance.instance, name="browser"),
    path("browsers/<uuid:instance_id>/path/", instance.path, name="path"),
    path("browsers/<uuid:instance_id>/shared/", OpenShare.as_view(), name="open-share"),
    path("access/", access, name="access"),
    path("access/keys/", make_key, name="make-key"),
    path("access/keys/<int:pk>/revoke/", revoke_key, name="revoke-key"),
    path("access/links/<uuid:link_id>/revoke/", revoke_link, name="revoke-link"),
    path("favicon.ico", favicon, name="favicon"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
