from django.urls import path

from .views import (
    activity,
    administrators,
    details,
    inviting,
    joining,
    me,
    members,
    my_mail,
    own_login,
    security,
    users,
)

app_name = "organisations"
urlpatterns = [
    path("mijn/", members.mine, name="mine"),
    path("mijn/gegevens/", me.me, name="me"),
    path("mijn/gegevens/contact/", me.contact, name="my_contact"),
    path("mijn/gegevens/gebruikersnaam/", me.username, name="my_username"),
    path("mijn/gegevens/e-mailadres/", me.email, name="my_email"),
    path("mijn/gegevens/mails/", my_mail.my_mail, name="my_mail"),
    path("mijn/gegevens/sessies/", me.sessions, name="my_sessions"),
    path(
        "mijn/gegevens/sessies/andere/",
        me.end_other_sessions,
        name="end_my_other_sessions",
    ),
    path(
        "mijn/gegevens/sessies/<int:session_id>/", me.end_session, name="end_my_session"
    ),
    path("mijn/gegevens/downloaden/", me.download, name="my_data"),
    path("mijn/gegevens/sluiten/", me.close, name="close_account"),
    path("mijn/<slug:slug>/", members.dashboard, name="dashboard"),
    path(
        "mijn/<slug:slug>/tweede-administrator/",
        inviting.second_administrator,
        name="second_administrator",
    ),
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
    path("mijn/<slug:slug>/organisatie/gegevens/", details.shown, name="details"),
    path(
        "mijn/<slug:slug>/organisatie/gegevens/<slug:part>/",
        details.change,
        name="change_details",
    ),
    path("mijn/<slug:slug>/organisatie/activiteit/", activity.shown, name="activity"),
    path(
        "mijn/<slug:slug>/organisatie/activiteit.csv",
        activity.download,
        name="activity_csv",
    ),
    path(
        "mijn/<slug:slug>/administrator-worden/",
        administrators.ask,
        name="ask",
    ),
    path(
        "mijn/<slug:slug>/administrator-worden/intrekken/",
        administrators.withdraw,
        name="withdraw_request",
    ),
    path(
        "mijn/<slug:slug>/organisatie/verzoeken/<int:request_id>/",
        administrators.answer,
        name="request",
    ),
    path(
        "mijn/<slug:slug>/organisatie/ingrepen/<int:intervention_id>/",
        administrators.intervention,
        name="intervention",
    ),
    path(
        "mijn/<slug:slug>/organisatie/gebruikers/<int:member_id>/tweede-stap/",
        administrators.end_second_factor,
        name="end_second_factor",
    ),
    path(
        "mijn/<slug:slug>/organisatie/inloggen/",
        own_login.shown,
        name="own_login",
    ),
    path(
        "mijn/<slug:slug>/organisatie/inloggen/instellen/",
        own_login.set_up,
        name="own_login_set_up",
    ),
    path(
        "mijn/<slug:slug>/organisatie/inloggen/proberen/",
        own_login.try_out,
        name="own_login_try",
    ),
    path(
        "mijn/<slug:slug>/organisatie/inloggen/<slug:act>/",
        own_login.act,
        name="own_login_act",
    ),
    path("inloggen/organisatie/", own_login.find, name="own_login_find"),
    path("inloggen/organisatie/<slug:code>/", own_login.leave, name="own_login_leave"),
    path(
        "inloggen/organisatie/<slug:code>/start/",
        own_login.start,
        name="own_login_start",
    ),
    path(
        "inloggen/organisatie/<slug:code>/bevestigen/",
        own_login.confirm,
        name="own_login_confirm",
    ),
    path(
        "account/oidc/<slug:code>/login/callback/",  # known at the providers
        own_login.callback,
        name="own_login_callback",
    ),
    path("uitnodiging/<str:token>/", joining.invitation, name="invitation"),
]
