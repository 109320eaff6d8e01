"""What the operator's groups may, as migrations give it (docs/decisions/0009)."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.management import create_permissions
from django.db.migrations import RunPython


def give(app_label: str, rights: dict[str, Iterable[str]]) -> RunPython:
    """Give groups rights on an app: {group: codenames}. A group that is not there is made.

    Django makes permissions only after all migrations, so those of the app are made first.
    """

    def forward(apps: Any, _schema_editor: Any) -> None:
        config = apps.get_app_config(app_label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
        of_app = apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label=app_label
        )
        for name, codenames in rights.items():
            group, _made = apps.get_model("auth", "Group").objects.get_or_create(
                name=name
            )
            group.permissions.add(*of_app.filter(codename__in=codenames))

    return RunPython(forward, RunPython.noop)
