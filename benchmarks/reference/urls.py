from django.urls import path

from benchmarks.reference import views

urlpatterns = [
    path("rows/<uuid:instance_id>/", views.rows),
    path("transaction/<uuid:instance_id>/", views.transaction_of_rows),
    path("empty/<uuid:instance_id>/", views.empty),
    path("healthz", views.empty),
]
