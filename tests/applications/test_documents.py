"""The four documents, as their readers get them: read back from the PDF itself."""

import hashlib
import io
import re
import subprocess
from datetime import date, timedelta

import pgtrigger
import pikepdf
import pytest
from django.db import Error, IntegrityError
from django.utils import timezone

from apikeys.models import Api, PriceUnit, Product
from applications import uploads
from applications.models import Application, Document, DocumentKind, DocumentTemplate
from applications.rendering import contract_data, draw_up, general_data, render
from mail.paper import NotRendered

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)
KINDS = [
    DocumentKind.CONTRACT,
    DocumentKind.TERMS,
    DocumentKind.SERVICE_LEVEL,
    DocumentKind.MANDATE,
]
DONALD = {
    "branch": "kvk",
    "kvk_number": "68750110",
    "name": "Test BV Donald",
    "legal_form": "private_company",
    "rsin": "857587973",
    "street": "Hizzaarderlaan 3 A",
    "postcode": "8823 SJ",
    "city": "Lollum",
    "postal_same": True,
    "products": ["test-abonnement"],
    "key_name": "Productie",
    "purpose": "Klantgegevens controleren",
    "expected_calls": "100000",
    "contract_name": "Katrien Duck",
    "contract_function": "Directeur",
    "contract_email": "katrien@donald.example",
    "contract_phone": "+31201234567",
    "technical_same": True,
    "signing": "alone",
    "signatory_same": True,
    "username": "donald",
    "account_name": "Willie Wortel",
    "account_email": "willie@donald.example",
    "invoice_email": "facturen@donald.example",
    "invoice_attention": "Crediteuren",
    "purchase_reference": "PO-2026-118",
    "payment_method": "direct_debit",
    "iban": "NL91ABNA0417164300",
    "account_holder": "Test BV Donald",
}
BOLDERBAST = DONALD | {
    "kvk_number": "69599068",
    "name": "Test Stichting Bolderbast",
    "legal_form": "foundation",
    "signing": "jointly",
    "signatory_same": False,
    "signatory_name": "Olivier Bommel",
    "signatory_function": "Voorzitter",
    "second_name": "Tom Poes",
    "second_function": "Penningmeester",
    "postal_same": False,
    "postal_street": "Postbus 12",
    "postal_postcode": "1234 AB",
    "postal_city": "Rommeldam",
    "payment_method": "invoice",
    "iban": "",
    "account_holder": "",
}


@pytest.fixture
def product():
    product = Product.objects.create(slug="test-abonnement", name="Proefabonnement")
    api = Api.objects.create(slug="proef", name="Proefprofiel", version="v1", path="/")
    product.apis.add(api)
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):  # as if it was then
        for unit, amount, begin, end in [
            (PriceUnit.KEY_MONTH, "6.2000", date(2025, 1, 1), date(2025, 12, 31)),
            (PriceUnit.KEY_MONTH, "6.4000", date(2026, 1, 1), date(2026, 12, 31)),
            (PriceUnit.KEY_MONTH, "6.9000", date(2027, 1, 1), None),
        ]:
            product.prices.create(
                unit=unit, amount=amount, valid_from=begin, valid_until=end
            )
        product.prices.create(
            api=api,
            unit=PriceUnit.REQUEST,
            amount="0.0175",
            valid_from=date(2026, 1, 1),
        )
    return product


def template(kind):
    return DocumentTemplate.objects.in_force(kind, TODAY)


def application(answers):
    terms = template(DocumentKind.TERMS)
    return Application(reference="A2026-0042", answers=answers, terms=terms)


def drawn_up(kind, answers, number="C2026-0042"):
    return draw_up(template(kind), application(answers), number=number, on=TODAY)


def words(pdf, *options):
    command = ["pdftotext", *options, "-", "-"]
    return subprocess.run(
        command, input=pdf, capture_output=True, check=True
    ).stdout.decode()


def bare(text):
    """Without white space, and the marks with which a line is broken or turned."""
    return re.sub(r"[\s\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)


def shows(pdf, *values):
    text = bare(words(pdf))
    return [value for value in values if bare(value) not in text] == []


def test_contract_shows_donald_who_pays_by_direct_debit(product):
    pdf = drawn_up(DocumentKind.CONTRACT, DONALD)

    assert shows(
        pdf,
        *["C2026-0042", "A2026-0042", "23 november 2026", "Test BV Donald", "68750110"],
        *["Besloten vennootschap", "857587973", "Hizzaarderlaan 3 A, 8823 SJ Lollum"],
        *[
            "Proefabonnement",
            "Proefprofiel v1",
            "Productie",
            "10.000 tot 100.000",
            "PO-2026-118",
        ],
        *["Katrien Duck (Directeur)", "katrien@donald.example", "+31201234567"],
        *["Willie Wortel", "facturen@donald.example", "versie 1.0"],
        *[
            "door middel van SEPA-incasso",
            "2 november",
            "31 december",
            "Namens Afnemer",
        ],
    )
    assert "gezamenlijk bevoegd" not in words(pdf)


def test_contract_shows_bolderbast_who_pays_invoices_and_signs_with_two(product):
    pdf = drawn_up(DocumentKind.CONTRACT, BOLDERBAST)

    assert shows(
        pdf,
        *["Test Stichting Bolderbast", "69599068", "Stichting", "gezamenlijk bevoegd"],
        *["Olivier Bommel (Voorzitter) en Tom Poes (Penningmeester)", "Op factuur"],
        *["betaalt iedere factuur binnen 28 dagen", "Postbus 12, 1234 AB Rommeldam"],
    )
    assert words(pdf).count("Handtekening") == 2
    assert "SEPA" not in words(pdf)


def test_contract_shows_the_prices_of_its_day(product):
    text = bare(words(drawn_up(DocumentKind.CONTRACT, DONALD)))

    assert "perAPI-keypermaand€6,40" in text
    assert "perbevraging€0,0175" in text
    assert "6,20" not in text
    assert "6,90" not in text


def test_contract_of_a_yearly_product_runs_for_a_year(product):
    price = {"unit": PriceUnit.YEAR, "valid_from": date(2026, 1, 1)}
    with pgtrigger.ignore("apikeys.Price:stays_what_it_was"):
        product.prices.create(**price, amount=1279)

    pdf = drawn_up(DocumentKind.CONTRACT, DONALD)

    assert shows(
        pdf, "€ 1.279,00", "7.4 Een abonnement met een prijs per jaar", "7.5 Bij"
    )


def test_contract_of_a_foreign_government_names_its_country_and_register():
    abroad = {
        "branch": "foreign",
        "name": "Statistik Austria",
        "country": "AT",
        "register_number": "FN 191155k",
        "street": "Guglgasse 13",
        "postcode": "1110",
        "city": "Wien",
    }

    pdf = drawn_up(DocumentKind.CONTRACT, abroad)

    assert shows(pdf, "FN 191155k", "Guglgasse 13, 1110 Wien, Oostenrijk")


def test_mandate_carries_what_sepa_asks(settings):
    settings.OPERATOR_LEGAL_NAME = "Stichting Voorbeeld"

    pdf = drawn_up(DocumentKind.MANDATE, DONALD, number="KVK20260042")

    assert shows(
        pdf,
        *["SEPA-incassomachtiging", "Doorlopende machtiging", "(Core)", "terugkerende"],
        *["Stichting Voorbeeld", settings.OPERATOR_ADDRESS, settings.OPERATOR_COUNTRY],
        *[settings.CREDITOR_IDENTIFIER, "KVK20260042", "NL91 ABNA 0417 1643 00"],
        *[
            "geeft u toestemming aan Stichting Voorbeeld om doorlopende incasso-opdrachten"
        ],
        *["Neem hiervoor binnen acht weken na afschrijving contact op met uw bank."],
        *["Test BV Donald", "Plaats", "Datum", "Handtekening", "Uw rechten."],
    )
    assert len(pikepdf.open(io.BytesIO(pdf)).pages) == 1


def test_service_level_shows_the_operators_figures(settings):
    settings.SERVICE_AVAILABILITY = "99,5"
    settings.SERVICE_RECOVERY_HOURS = [3, 7, 31, 99]

    pdf = drawn_up(DocumentKind.SERVICE_LEVEL, DONALD)

    assert shows(pdf, "99,5%", "3 uur", "7 uur", "31 uur", "Overige incidenten. 99 uur")
    assert shows(pdf, settings.SERVICE_DESK_HOURS, settings.SERVICE_MAINTENANCE)


def test_terms_are_the_same_for_everybody():
    assert drawn_up(DocumentKind.TERMS, DONALD) == drawn_up(
        DocumentKind.TERMS, BOLDERBAST
    )


@pytest.mark.parametrize("kind", KINDS)
def test_document_is_archivable_and_accessible(kind, product):
    pdf = pikepdf.open(io.BytesIO(drawn_up(kind, DONALD)))

    with pdf.open_metadata() as xmp:
        standards = [xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]]
        assert standards == ["2", "A", "1"]
        assert xmp["dc:title"].startswith(template(kind).title)
    assert pdf.docinfo.Title == xmp["dc:title"]
    assert pdf.Root.Lang == "nl-NL"
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    tags = {str(tag.S) for tag in structure(pdf)}
    assert tags >= {"/P"} | (
        {"/H1"} if kind != DocumentKind.MANDATE else {"/Table", "/TH"}
    )


def structure(pdf):
    return [
        found
        for found in pdf.objects
        if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == "/StructElem"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_document_names_itself_and_its_version_on_every_page(kind, product):
    pdf = drawn_up(kind, DONALD)
    pages = words(pdf).rstrip("\f").split("\f")

    for number, page in enumerate(pages, start=1):
        assert f"{template(kind).title}, versie 1.0" in page
        assert f"Pagina {number} van {len(pages)}" in page


@pytest.mark.parametrize("kind", KINDS)
def test_document_is_drawn_up_without_any_answer(kind):
    assert drawn_up(kind, {}).startswith(b"%PDF-")


@pytest.mark.parametrize("kind", KINDS)
def test_document_passes_our_own_inspection(kind, product):
    uploads.inspect(drawn_up(kind, DONALD))


def test_render_gives_equal_bytes_for_equal_input(product):
    first = drawn_up(DocumentKind.CONTRACT, DONALD)

    assert drawn_up(DocumentKind.CONTRACT, DONALD) == first


HOSTILE = {
    "hash": "#",
    "call": '#eval("1")',
    "file": '#read("/etc/passwd")',
    "image": '#image("/etc/passwd")',
    "end of content": "]#panic()[",
    "dollars": "$x^2$",
    "quotes": "\"dubbel\" 'enkel' `code`",
    "backslash": "\\u{41} \\n \\",
    "reference": "@artikel <label>",
    "emphasis": "*vet* _schuin_ = kop",
    "list": "- een + twee / drie: vier",
    "comment": "// weg /* weg */",
    "address": "https://kvk.nl",
    "dashes": "a -- b --- c ...",
    "json": '", "name": "ander',
    "braces": "{{ data }} {% now %}",
    "Hebrew": "שלום עולם",
    "Arabic": "شركة دونالد",
    "both directions": "Donald שלום BV",
    "emoji": "Donald 😀 & 🦆",
    "emoji of several": "👩‍💻🇳🇱",
    "Chinese": "漢字有限公司",
    "other scripts": "Ελλάς Жук ქართ हिन्दी",
    "accents": "Ağrı Łódź ’s-Gravenhage ﬁ é",
    "long": "W" * 200,
    "long emoji": "😀" * 100,
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_document_shows_what_was_typed_as_text(value, product):
    typed = DONALD | {"name": value, "purpose": value, "account_holder": value}

    contract = drawn_up(DocumentKind.CONTRACT, typed)
    mandate = drawn_up(DocumentKind.MANDATE, typed)

    assert bare(words(contract)).count(bare(value)) >= 3
    assert bare(words(mandate)).count(bare(value)) >= 2


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Don\u200bald", "Donald"),
        ("Don\u200dald", "Don\u200dald"),
        ("Don\u00adald", "Don\u00adald"),
        ("gnp\u202eexe", "gnp\ufffdexe"),
        ("Don\ufeffald", "Don\ufffdald"),
        ("Don\x07ald", "Don\ufffdald"),
        ("Don\ue000ald", "Don\ufffdald"),
        ("Don\nald", "Don\ufffdald"),
        ("Don\ufffeald", "Don\ufffdald"),
    ],
)
def test_document_hides_nothing_invisible(typed, shown, product):
    pdf = drawn_up(DocumentKind.CONTRACT, DONALD | {"name": typed})

    assert shows(pdf, shown)


@pytest.mark.parametrize("field", {**DONALD, **BOLDERBAST})
def test_no_field_can_run_off_the_page(field, product):
    typed = DONALD if field in {"iban", "account_holder"} else BOLDERBAST
    long = typed | ({field: "W" * 200} if isinstance(typed[field], str) else {})

    for kind in (DocumentKind.CONTRACT, DocumentKind.MANDATE):
        boxes = words(drawn_up(kind, long), "-bbox")
        right = [float(edge) for edge in re.findall(r'xMax="([\d.]+)"', boxes)]
        assert max(right) < 595 - 60


def test_long_address_can_be_copied_as_it_is(product):
    address = "een.lange.naam.van.iemand@een.lang.onderdeel.example"

    pdf = drawn_up(DocumentKind.CONTRACT, DONALD | {"account_email": address})

    assert address in words(pdf)


def test_render_says_what_typst_says(product):
    broken = DocumentTemplate(kind="terms", title="T", valid_from=TODAY, source="#nee")

    with pytest.raises(NotRendered, match="unknown variable: nee"):
        render(broken, general_data(on=TODAY))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../models.py", "../contract.typ"]
)
def test_template_cannot_read_the_disk(path):
    source = f'#set document(title: "T")\n#read("{path}")'
    nosy = DocumentTemplate(kind="terms", title="T", valid_from=TODAY, source=source)

    with pytest.raises(NotRendered, match=r"root|not found"):
        render(nosy, general_data(on=TODAY))


def test_contract_data_takes_the_other_persons_from_their_own_fields():
    answers = BOLDERBAST | {"technical_same": False, "technical_name": "Joost"}

    data = contract_data(application(answers), number="C1", on=TODAY)

    assert data["technical_contact"]["name"] == "Joost"
    assert [person["name"] for person in data["signatories"]] == [
        "Olivier Bommel",
        "Tom Poes",
    ]


FIRST_VERSION = {
    DocumentKind.CONTRACT: "03819f1a3eec26df3ae8b87e2bfade6835da24bbce5fd61319b4403673f18df3",
    DocumentKind.TERMS: "8f031eb223934ef929df536511566c1a591bf7b84559e982f1553aebf3af3ea5",
    DocumentKind.SERVICE_LEVEL: "e6f74dd4934a1bcd4366b004f04b802f6faa670ad5487e99369781b150e076d5",
    DocumentKind.MANDATE: "dc8bcbe6cd45ac730a789ffd85724b34c89791577c5d72113db8e072ab38ee6c",
}


@pytest.mark.parametrize("kind", KINDS)
def test_first_version_stays_what_it_was(kind):
    """A changed text is a new version, never an edit of the files of this one."""
    first = DocumentTemplate.objects.get(kind=kind, version="1.0")

    assert hashlib.sha256(first.source.encode()).hexdigest() == FIRST_VERSION[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_first_version_is_complete_and_valid_from_2026(kind):
    first = DocumentTemplate.objects.in_force(kind, date(2026, 1, 1))

    assert (first.version, first.language) == ("1.0", "nl")
    assert "#import" not in first.source
    assert DocumentTemplate.objects.in_force(kind, date(2025, 12, 31)) is None


def test_template_cannot_be_changed():
    with pytest.raises(Error, match="Cannot update or delete"):
        DocumentTemplate.objects.filter(kind="terms").update(source="anders")


def test_template_cannot_be_deleted():
    with pytest.raises(Error, match="Cannot update or delete"):
        DocumentTemplate.objects.get(kind="mandate", version="1.0").delete()


@pytest.fixture
def document():
    draft = Application.objects.create(
        language="nl", expires_at=timezone.now() + timedelta(days=30)
    )
    return Document.objects.create(
        application=draft,
        kind=DocumentKind.SIGNED_CONTRACT,
        name="overeenkomst.pdf",
        content=b"%PDF-",
        sha256=hashlib.sha256(b"%PDF-").hexdigest(),
    )


def test_document_cannot_be_changed(document):
    other = {"content": b"%PDF!", "sha256": hashlib.sha256(b"%PDF!").hexdigest()}

    with pytest.raises(Error, match="Cannot update"):
        Document.objects.filter(pk=document.pk).update(**other)


def test_document_cannot_be_deleted(document):
    with pytest.raises(Error, match="a document is never deleted"):
        Document.objects.filter(pk=document.pk).delete()


def test_document_needs_its_own_digest(document):
    document.pk = None
    document.content = b"%PDF!"

    with pytest.raises(IntegrityError, match="document_digest_is_true"):
        document.save()
