import hypothesis
import pytest
from django.db import transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings
from django.utils import translation
from procrastinate.contrib.django import app

from apikeys.gateway import deciding, quotas
from tests.smtp import Server

hypothesis.settings.register_profile(  # a busy machine proves nothing about our code
    "portal", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("portal")


@pytest.fixture(autouse=True, scope="session")
def tests_that_commit_are_emptied_whole():
    """TRUNCATE after such a test: the audit log lets go for just that, the queue joins."""
    sql_flush = DatabaseOperations.sql_flush
    alter = "ALTER TABLE audit_event {} TRIGGER pgtrigger_no_truncate_06d01"

    def whole(self, *args, **options):
        return [
            alter.format("DISABLE"),
            *sql_flush(self, *args, **options),
            "TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE",
            alter.format("ENABLE ALWAYS"),
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", whole)
        yield


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The world of the proof, for a whole module: see tests/walk.py."""
    from tests.walk import World

    just_now = override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=24 * 3600)
    with django_db_blocker.unblock(), just_now, transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def dutch():
    """Each test begins in the portal's own language, whatever the one before it asked."""
    translation.activate("nl")


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """The gateway's own connections would not see what a test did not commit."""
    monkeypatch.setattr(deciding, "DATABASE", "default")
    monkeypatch.setattr(quotas, "DATABASE", "default")


@pytest.fixture
def smtp_server(settings):
    """A real mail server, to which this test's mail goes (see tests/smtp.py)."""
    server = Server()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


@pytest.fixture
def run_jobs(transactional_db):
    """Run every job that is due, in a real worker; what a test needs must be committed."""

    def run():
        with app.replace_connector(app.connector.get_worker_connector()):
            app.run_worker(
                wait=False, install_signal_handlers=False, listen_notify=False
            )

    return run
