from django.urls import path

from . import views

app_name = "organisations"
urlpatterns = [
    path("mijn/", views.mine, name="mine"),
    path("mijn/<slug:slug>/", views.dashboard, name="dashboard"),
    path("mijn/<slug:slug>/organisatie/", views.users, name="users"),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/",
        views.member,
        name="member",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/verwijderen/",
        views.remove,
        name="remove",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/sessies/",
        views.end_sessions,
        name="end_sessions",
    ),
]
