"""As many organisations and applications as one wants, to see whether pages stay quick.

One organisation comes about as people bring it about (marked.py); the crowd are copies of
its rows, made within PostgreSQL. Copies of events stand in no chain.
"""

from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from applications.models import Status

from . import marked

MAILS = 3  # for each application; and as many events
BACK = "mod(n * 7919, 100003) * interval '1 minute'"  # spread over seventy days
UNIQUE = "'menigte-' || n"
NUMBER = "lpad((10000000 + n)::text, 8, '0')"
APPLICATION = {
    "reference": "'M' || n",
    "link_digest": UNIQUE,
    "username_id": "NULL",
    "customer_id": "NULL",
    "applicant_id": "NULL",
    "from_address": "'menigte'",
    "answers": (
        f"t.answers || jsonb_build_object('kvk_number', {NUMBER}, 'name', 'Menigte ' || n,"
        " 'contract_email', 'inkoop-' || n || '@menigte-' || n || '.example')"
    ),
}


APART = 10_000_000  # what leads to no contract is numbered from here on


class Crowd:
    """Copies of the rows of one organisation: number 7 of a table belongs to 7 of the others."""

    def __init__(self) -> None:
        with transaction.atomic():
            made = marked.build(seed=1)["organisations"]["a"]["rows"]
        self.of_one = {"organisation": made["organisations.organisation"][0]}
        self.bases: dict[str, int] = {}
        self.templates: dict[str, Any] = {}
        self.organisations = self.others = self.told = 0

    @transaction.atomic
    def grow(self, organisations: int, others: int) -> None:
        """So many organisations more, each with a contract, and applications without one."""
        with connection.cursor() as cursor:  # copies of what is right need no triggers
            cursor.execute("SET LOCAL session_replication_role = replica")
        self._organisations(self.organisations + 1, self.organisations + organisations)
        self._contracts(self.organisations + 1, self.organisations + organisations)
        self.organisations += organisations
        self._others(others)
        self._told(MAILS * (organisations + others))
        with connection.cursor() as cursor:
            for label in self.bases:
                _settle(cursor, apps.get_model(label))
            cursor.execute("SET LOCAL session_replication_role = origin")

    def _of(self, label: str) -> str:
        """SQL for the id of the copy with this number."""
        return f"{self.bases[label]} + n"

    def _copy(
        self, label: str, first: int, last: int, *, of: Any, times: str = "", **new: str
    ) -> None:
        """Copies number `first` to `last` of a row; `new` is SQL by column."""
        model: Any = apps.get_model(label)
        pk = self.templates.setdefault(f"{label} {of}", _template(model, of))
        fields = [one for one in model._meta.concrete_fields if not one.generated]
        values = {f'"{one.column}"': f't."{one.column}"' for one in fields}
        if times:
            moments = [one for one in fields if isinstance(one, models.DateTimeField)]
            values |= {
                f'"{one.column}"': f't."{one.column}" - {times}' for one in moments
            }
        key = model._meta.pk.column
        if key not in new:
            if label not in self.bases:
                newest = model._base_manager.aggregate(last=models.Max("pk"))
                self.bases[label] = newest["last"]
            new[key] = self._of(label)
        values |= {f'"{column}"': sql for column, sql in new.items()}
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(values)})"  # noqa: S608  # names of ours
                f" SELECT {', '.join(values.values())} FROM {table} t,"
                f' generate_series(%s::bigint, %s::bigint) n WHERE t."{key}" = %s',
                [first, last, pk],
            )

    def _organisations(self, first: int, last: int) -> None:
        ours = self.of_one
        self._copy(
            "accounts.user", first, last,
            of={"memberships__role": "administrator", "memberships__organisation": ours["organisation"]},
            username="'menigte-' || n", name="'Menigte ' || n",
            email="'menigte-' || n || '@menigte-' || n || '.example'",
        )  # fmt: skip
        self._copy(
            "organisations.organisation", first, last, of={"pk": ours["organisation"]},
            slug="'m' || n", kvk_number=NUMBER, name="'Menigte ' || n",
        )  # fmt: skip
        of_it = {"organisation_id": self._of("organisations.organisation")}
        whose = {"user_id": self._of("accounts.user")}
        role = {"role": "administrator"}
        copied: list[tuple[str, dict, dict]] = [
            ("organisations.membership", role, whose),
            ("organisations.contact", {}, {}),
            ("organisations.intervention", {}, {}),
            ("organisations.invitation", {}, {"link_digest": UNIQUE}),
            ("apikeys.subscription", {}, {}),
            ("apikeys.apikey", {"canary": False}, {"extra_of_id": "NULL"}),
            ("apikeys.keyrequest", {"api_key": None}, {}),
        ]
        for label, which, new in copied:
            self._copy(label, first, last, of={**ours, **which}, **of_it, **new)
        self._copy(
            "apikeys.keysecret", first, last, of={"key__organisation": ours["organisation"]},
            key_id=self._of("apikeys.apikey"), public_id="lpad(to_hex(n), 8, 'z')",
        )  # fmt: skip

        self._copy(
            "apikeys.apikey_subscriptions", first, last, of={"apikey__canary": False},
            apikey_id=self._of("apikeys.apikey"),
            subscription_id=self._of("apikeys.subscription"),
        )  # fmt: skip

    def _contracts(self, first: int, last: int) -> None:
        label = "applications.application"
        self._copy(
            label, first, last, of={"status": "approved"}, times=BACK, **APPLICATION
        )
        self._copy(
            "applications.contract", first, last, of=self.of_one, number="'M' || n",
            organisation_id=self._of("organisations.organisation"),
            application_id=self._of(label), api_key_id=self._of("apikeys.apikey"),
        )  # fmt: skip
        self._copy(
            "applications.bankchange", first, last, of={}, link_digest=UNIQUE,
            contract_id=self._of("applications.contract"),
        )  # fmt: skip
        self._copy(
            "applications.mandate", first, last, of={"bank_change": None},
            application_id=self._of(label), reference="'M' || n", signed_on="CURRENT_DATE",
        )  # fmt: skip
        self._copy(
            "applications.billingline", first, last,
            of={**self.of_one, "correction": None}, corrects_id="NULL",
            organisation_id=self._of("organisations.organisation"),
            contract_id=self._of("applications.contract"),
            mandate_id=self._of("applications.mandate"), name="'Menigte ' || n",
        )  # fmt: skip

    def _others(self, many: int) -> None:
        """The same number of each status, as far as it goes."""
        statuses = [one for one in Status if one not in (Status.DRAFT, Status.APPROVED)]
        share = -(-many // len(statuses))
        until = self.others + many
        for status in statuses:
            last = min(self.others + share, until)
            self._copy(
                "applications.application", APART + self.others + 1, APART + last,
                of={"status": status}, times=BACK, **APPLICATION,
            )  # fmt: skip
            self.others = last

    def _told(self, many: int) -> None:
        """Mails to the administrators, and what happened in their organisations."""
        about = f"({self.bases['applications.application']} + {APART} + 1 + mod(n, {max(1, self.others)}))::text"
        number = f"1 + mod(n, {self.organisations})"
        first, last = self.told + 1, self.told + many
        self._copy(
            "mail.message", first, last, of={"about_type__model": "application"},
            times=BACK, id="gen_random_uuid()", about_id=about, copy_of_id="NULL",
            state="'sent'", sent_at="t.created_at", to=f"'menigte-' || ({number}) || '@menigte-' || ({number}) || '.example'",
        )  # fmt: skip
        self._copy(
            "audit.event", first, last, of={"kind": "application.moved"}, times=BACK,
            id="nextval(pg_get_serial_sequence('audit_event', 'id'))",  # acts go on between
            subject_id=about, hash=UNIQUE, previous_hash="''",
            organisation_id=f"{self.bases['organisations.organisation']} + {number}",
        )  # fmt: skip
        self.told = last


def _template(model: Any, which: dict[str, Any]) -> Any:
    order = "created_at" if model._meta.label_lower == "mail.message" else "pk"
    return model._base_manager.filter(**which).order_by(order).first().pk


def _settle(cursor: Any, model: Any) -> None:
    """Number what comes later from here on, and let the planner know."""
    table, key = model._meta.db_table, model._meta.pk.column
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence(%s, %s), max({key})) FROM {table}",  # noqa: S608
        [table, key],
    )
    cursor.execute(f"ANALYZE {table}")
