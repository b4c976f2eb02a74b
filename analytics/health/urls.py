from django.urls import path

from analytics.health.probes import metrics, ready

urlpatterns = [path("readyz", ready), path("metrics", metrics)]
