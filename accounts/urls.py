from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("inloggen/", views.login, name="login"),
    path("e-mailadres/<str:token>/", views.confirm_email, name="confirm_email"),
    path("activeren/<str:token>/", views.activate, name="activate"),
]
