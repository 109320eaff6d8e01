from django.urls import path

from . import views

app_name = "organisations"
urlpatterns = [
    path("mijn/", views.mine, name="mine"),
    path("mijn/<slug:slug>/", views.dashboard, name="dashboard"),
]
