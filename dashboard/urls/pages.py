from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from dashboard.pages import PageLogOn, live

urlpatterns = [
    path("", live, name="live"),
    path("log-on/", PageLogOn.as_view(), name="log-on"),
    path("browsers/<uuid:instance_id>/", live, name="browser"),
    path("login/", LoginView.as_view(template_name="dashboard/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
