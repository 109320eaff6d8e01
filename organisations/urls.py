from django.urls import path

from .views import inviting, joining, members

app_name = "organisations"
urlpatterns = [
    path("mijn/", members.mine, name="mine"),
    path("mijn/<slug:slug>/", members.dashboard, name="dashboard"),
    path("mijn/<slug:slug>/organisatie/", members.users, name="users"),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/",
        members.member,
        name="member",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/verwijderen/",
        members.remove,
        name="remove",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/overdragen/",
        members.hand_over,
        name="hand_over",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/sessies/",
        members.end_sessions,
        name="end_sessions",
    ),
    path("mijn/<slug:slug>/organisatie/uitnodigen/", inviting.invite, name="invite"),
    path(
        "mijn/<slug:slug>/organisatie/uitnodigingen/<int:invitation_id>/opnieuw/",
        inviting.resend,
        name="resend",
    ),
    path(
        "mijn/<slug:slug>/organisatie/uitnodigingen/<int:invitation_id>/intrekken/",
        inviting.withdraw,
        name="withdraw",
    ),
    path("uitnodiging/<str:token>/", joining.invitation, name="invitation"),
]
