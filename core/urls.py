"""All addresses: the API, the pages, the admin, and the operators' probes."""

from django.contrib import admin
from django.urls import include, path, re_path

from core.api import reference
from core.web.views import health, no_such_call

handler400 = "core.web.views.bad_request"
handler403 = "core.web.views.permission_denied"
handler404 = "core.web.views.page_not_found"
handler500 = "core.web.views.server_error"

urlpatterns = [
    path("api/v1/", include("analytics.urls")),
    path("api/v1/", include("dashboard.urls.api")),
    path("api/v1/schema/", reference.Description.as_view(), name="schema"),
    path("api/v1/docs/", reference.swagger, name="docs"),
    path("api/v1/redoc/", reference.redoc, name="redoc"),
    # With DEBUG, Django's own 404 is a page; under /api/ it must still be a problem.
    re_path("^api/", no_such_call),
    path("healthz", health),
    path("", include("analytics.health.urls")),
    path("admin/", admin.site.urls),
    path("", include("analytics.pages.urls")),
    path("", include("dashboard.urls.pages")),
]
