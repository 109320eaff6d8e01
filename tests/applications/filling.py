"""What an applicant types, and how a browser sends it."""

from applications.services import drafting
from mail import private_links
from mail.models import Message

TYPED = {
    "apis": {
        "products": ["api-abonnement"],
        "key_name": "Productie",
        "purpose": "Klantgegevens controleren",
        "expected_calls": "10000",
    },
    "organisatie": {
        "branch": "kvk",
        "kvk_number": "68750110",
        "name": "Test BV Donald",
        "legal_form": "private_company",
        "rsin": "857587973",
        "street": "Hizzaarderlaan 3 A",
        "postcode": "8823 SJ",
        "city": "Lollum",
        "postal_same": "on",
    },
    "contactpersonen": {
        "contract_name": "Katrien Duck",
        "contract_function": "Directeur",
        "contract_email": "katrien@donald.example",
        "contract_phone": "+31201234567",
        "technical_same": "on",
        "signing": "alone",
        "signatory_same": "on",
    },
    "account": {
        "account_name": "Willie Wortel",
        "account_email": "willie@donald.example",
        "username": "donald",
    },
    "betaling": {
        "invoice_email": "facturen@donald.example",
        "payment_method": "direct_debit",
        "iban": "NL91ABNA0417164300",
        "account_holder": "Test BV Donald",
    },
}
FOLLOWED_BY = dict(zip(TYPED, [*list(TYPED)[1:], "controleren"], strict=True))
CHECK, SENT, LATER = (
    f"/aanvragen/{page}/" for page in ("controleren", "verzonden", "bewaren")
)


def fill_in(client, slug, **changes):
    return client.post(f"/aanvragen/{slug}/", TYPED[slug] | changes)


def fill_in_all(client, **changes):
    for slug, answers in TYPED.items():
        fill_in(client, slug, **{k: v for k, v in changes.items() if k in answers})


def send(client, **changes):
    """Agree with the terms in force, and press the button."""
    terms = drafting.terms_in_force().pk
    return client.post(CHECK, {"terms": terms, "consent": "on"} | changes)


def later(client, email="katrien@donald.example"):
    """Have the link mailed; the address in it, or None when nothing was mailed."""
    client.post(LATER, {"email": email})
    message = Message.objects.filter(to=email).first()
    return message and private_links.address(*message.links["resume_url"])
