from django.urls import path

from .views import activity, inviting, joining, me, members, security, users

app_name = "organisations"
urlpatterns = [
    path("mijn/", members.mine, name="mine"),
    path("mijn/gegevens/", me.me, name="me"),
    path("mijn/gegevens/contact/", me.contact, name="my_contact"),
    path("mijn/gegevens/gebruikersnaam/", me.username, name="my_username"),
    path("mijn/gegevens/e-mailadres/", me.email, name="my_email"),
    path("mijn/gegevens/sessies/", me.sessions, name="my_sessions"),
    path(
        "mijn/gegevens/sessies/<int:session_id>/", me.end_session, name="end_my_session"
    ),
    path("mijn/gegevens/downloaden/", me.download, name="my_data"),
    path("mijn/gegevens/sluiten/", me.close, name="close_account"),
    path("mijn/<slug:slug>/", members.dashboard, name="dashboard"),
    path("mijn/<slug:slug>/organisatie/", users.users, name="users"),
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
    path(
        "mijn/<slug:slug>/organisatie/veiligheid/", security.security, name="security"
    ),
    path(
        "mijn/<slug:slug>/organisatie/veiligheid/vrijlaten/",
        security.release,
        name="release_second_factor",
    ),
    path(
        "mijn/<slug:slug>/organisatie/veiligheid/herinneren/",
        security.remind,
        name="remind_second_factor",
    ),
    path("mijn/<slug:slug>/organisatie/activiteit/", activity.shown, name="activity"),
    path(
        "mijn/<slug:slug>/organisatie/activiteit.csv",
        activity.download,
        name="activity_csv",
    ),
    path("uitnodiging/<str:token>/", joining.invitation, name="invitation"),
]
