"""From application to working key, as each of its people in turn."""

import io
import re
import urllib.error
import urllib.request
from functools import cache

import pikepdf
import pytest

from tests import smtp
from tests.browser.conftest import run_in_site

DONALD = {
    "apis": {
        "choose": {"products": "api-abonnement", "expected_calls": "10000"},
        "fill": {
            "key_name": "Klantregistratie",
            "purpose": "Adressen van klanten nazoeken.",
        },
    },
    "organisatie": {
        "choose": {"branch": "kvk", "legal_form": "private_company"},
        "fill": {
            "kvk_number": "6875 0110",
            "name": "Test BV Donald",
            "street": "Hizzaarderlaan 3",
            "postcode": "8823sj",
            "city": "Lollum",
        },
    },
    "contactpersonen": {
        "choose": {"signing": "alone"},
        "check": ["signatory_same"],
        "fill": {
            "contract_name": "Katrijn Inkoop",
            "contract_function": "Inkoper",
            "contract_email": "inkoop@donald.example",
            "contract_phone": "020 555 12 34",
        },
    },
    "account": {
        "fill": {
            "username": "D.Beheer",
            "account_name": "Dirk Beheer",
            "account_email": "dirk@donald.example",
        },
    },
    "betaling": {
        "choose": {"payment_method": "direct_debit"},
        "fill": {
            "invoice_email": "facturen@donald.example",
            "iban": "NL91 ABNA 0417 1643 00",
            "account_holder": "Test BV Donald",
        },
    },
}
BOLDERBAST = {
    **DONALD,
    "organisatie": {
        "choose": {"branch": "kvk", "legal_form": "foundation"},
        "fill": {
            "kvk_number": "69599068",
            "name": "Test Stichting Bolderbast",
            "street": "Watermolenlaan 1",
            "postcode": "3581 GC",
            "city": "Utrecht",
        },
    },
    "contactpersonen": {
        **DONALD["contactpersonen"],
        "fill": {
            **DONALD["contactpersonen"]["fill"],
            "contract_email": "bestuur@bolderbast.example",
        },
    },
    "account": {
        "fill": {
            "username": "bolderbast",
            "account_name": "Bo Bolder",
            "account_email": "bo@bolderbast.example",
        },
    },
    "betaling": {
        "choose": {"payment_method": "invoice"},
        "fill": {"invoice_email": "facturen@bolderbast.example"},
    },
}
DEBIT = "automatische incasso wilt betalen"


def apply(applicant, answers):
    applicant.opens("/")
    applicant.follows("Aanvragen")
    applicant.follows("Aanvraag beginnen")
    for step, given in answers.items():
        applicant.is_at(f"/aanvragen/{step}/")
        applicant.chooses(**given.get("choose", {}))
        for name in given.get("check", []):
            applicant.page.locator(f"[name={name}]").check()
        applicant.fills(**given["fill"])
        applicant.presses("Volgende stap")
    applicant.reads_heading("Controleren")
    applicant.page.locator("[name=consent]").check()
    applicant.presses("Aanvraag versturen")
    applicant.reads_heading("Je aanvraag is verzonden")


def act(member_of_staff, reference, name):
    """Find the application by its reference, choose an act and confirm it."""
    member_of_staff.opens(f"/beheer/applications/application/?q={reference}")
    member_of_staff.follows(reference)
    member_of_staff.follows(name)
    member_of_staff.presses(name)


GATEWAY = """
from accounts.models import User
from apikeys import gateways
from apikeys.models import Gateway

gateway, _ = Gateway.objects.get_or_create(name="Walk")
print(gateways.renew_token(gateway, by=User.objects.first()))
"""


@cache
def gateway_token(site):
    return run_in_site(site, GATEWAY).strip()


def verify(site, key):
    request = urllib.request.Request(
        f"{site.url}/gateway/v1/verify",
        headers={"apikey": key, "Authorization": f"Bearer {gateway_token(site)}"},
    )
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as answer:
        return answer.code


def signed(pdf):
    """The contract as a scan of its signed copy: other bytes, still a PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        copy = pikepdf.new()
        copy.pages.extend(document.pages)
        scan = io.BytesIO()
        copy.save(scan)
    return scan.getvalue()


@pytest.mark.parametrize(
    ("answers", "mailbox", "administrator", "kvk_number", "debit"),
    [
        (DONALD, "inkoop@donald.example", "d.beheer", "68750110", True),
        (BOLDERBAST, "bestuur@bolderbast.example", "bolderbast", "69599068", False),
    ],
    ids=["Test BV Donald", "Test Stichting Bolderbast"],
)
def test_an_organisation_applies_and_ends_with_a_working_key(
    site, person, answers, mailbox, administrator, kvk_number, debit
):
    name = answers["organisatie"]["fill"]["name"]

    applicant = person()
    apply(applicant, answers)
    assert (DEBIT in applicant.page.content()) is debit
    applicant.follows("Afsluiten")
    received = site.mail.wait_for(mailbox, "is ontvangen")
    reference = re.search(r"AV-\w{4}-\w{4}", received["Subject"])[0]
    applicant.opens(smtp.link(received))
    applicant.presses("Ja, dit is mijn e-mailadres")
    applicant.sees("Je e-mailadres is bevestigd.")

    intake = person()
    intake.signs_in("inge")
    act(intake, reference, "Overeenkomst versturen")
    intake.sees("Gedaan: Overeenkomst versturen.")

    contract = site.mail.wait_for(mailbox, "Je overeenkomst")
    files = {
        part.get_filename(): part.get_content() for part in contract.iter_attachments()
    }
    kinds = ["overeenkomst", "gebruikersvoorwaarden", "service-garantie-document"]
    kinds += ["incassomachtiging"] if debit else []
    assert sorted(files) == sorted(f"{reference}-{kind}.pdf" for kind in kinds)
    applicant.opens(smtp.link(contract))
    applicant.page.locator("[type=file]").set_input_files(
        {
            "name": "getekend.pdf",
            "mimeType": "application/pdf",
            "buffer": signed(files[f"{reference}-overeenkomst.pdf"]),
        }
    )
    applicant.presses("Terugsturen")
    applicant.sees("We hebben de ondertekende overeenkomst ontvangen.")

    approver = person()
    approver.signs_in("coen")
    act(approver, reference, "Goedkeuren")
    approver.sees("Gedaan: Goedkeuren.")

    account = answers["account"]["fill"]
    available = site.mail.wait_for(account["account_email"], "is beschikbaar")
    newcomer = person()
    newcomer.opens(smtp.link(available))
    newcomer.fills(password="een lange zin als wachtwoord")
    newcomer.presses("Wachtwoord instellen")
    newcomer.page.wait_for_url("**/account/login/**")
    newcomer.signs_in(administrator, "een lange zin als wachtwoord")
    newcomer.is_at(f"/mijn/{kvk_number}/")
    newcomer.sees(name)
    newcomer.follows("Mijn API keys")
    newcomer.sees("Klantregistratie")
    key = reveal(newcomer)

    assert verify(site, key) == 204
    assert verify(site, key[:-1] + ("a" if key[-1] != "a" else "b")) == 401
    assert key not in "".join(smtp.text(message) for message in site.mail.messages)


def reveal(newcomer):
    newcomer.follows("Tonen")
    newcomer.fills(password="een lange zin als wachtwoord")  # anew: this is a secret
    newcomer.presses("Bevestigen")
    newcomer.presses("Toon de API-key")
    shown = newcomer.page.locator("main code").filter(has_text="kvk_live_").first
    return shown.inner_text().strip()
