from django.urls import path

from . import views

app_name = "mailbox"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<slug:name>/", views.message, name="message"),
    path("<slug:name>/html/", views.html, name="html"),
    path("<slug:name>/<int:position>/", views.attachment, name="attachment"),
]
