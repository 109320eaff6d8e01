"""What came back, beside what we sent: signed digitally or scanned, by the real upload."""

import io

import pikepdf
import pytest
from django.db import Error
from procrastinate.contrib.django.models import ProcrastinateJob
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from applications import limited, tasks
from applications.models import DocumentKind, ReturnedFile, Status
from applications.services import bank, comparing, following
from applications.staff.returned import said_of
from tests.applications.certificates import certified, signed
from tests.applications.test_bank import NEW, token
from tests.applications.test_following import application_in, send_back
from tests.applications.test_uploads import packed, raw, stream
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return certified("Proef Root CA")


@pytest.fixture
def trusted(root, settings, tmp_path):
    """Who is vouched for by this root, we believe."""
    path = tmp_path / "signers.pem"
    path.write_bytes(root.pem)
    settings.TRUSTED_SIGNERS = str(path)
    return root


@pytest.fixture
def katrien(trusted):
    return certified("Katrien Duck", by=trusted)


@pytest.fixture
def sent():
    return application_in(Status.CONTRACT_SENT)


def ours(application, kind=DocumentKind.CONTRACT):
    return bytes(application.documents.get(kind=kind).content)


def come_back(client, application, content):
    """Upload it on the private page, and let the worker look into it."""
    send_back(client, application, content)
    application.refresh_from_db()
    assert application.status == Status.CONTRACT_RETURNED
    job = ProcrastinateJob.objects.get(task_name__endswith="compare_returned")
    tasks.compare_returned(**job.args)
    return application.documents.get(kind=DocumentKind.SIGNED_CONTRACT)


def read(document):
    """What staff read of it: {what: [(outcome, why)]}."""
    document.refresh_from_db()
    said = {}
    for check in said_of(document):
        said.setdefault(check.what, []).append((check.state, check.why))
    return said


def test_a_signature_that_is_good_is_said_to_be(client, sent, katrien):
    back = come_back(client, sent, signed(ours(sent), katrien))

    said = read(back)
    [(state, why)] = said["Digitale handtekening"]
    assert state == "ok"
    assert "Katrien Duck" in why
    assert "uitgever die wij vertrouwen" in why
    assert said["Ons bestand"] == [
        ("ok", "Er is getekend op precies het bestand dat wij stuurden.")
    ]
    assert said["Tekst"][0][0] == "ok"
    assert said["Pagina's"][0][0] == "ok"


def test_two_who_sign_after_each_other_are_both_believed(client, sent, trusted):
    first = signed(ours(sent), certified("Olivier Bommel", by=trusted), field="Een")
    both = signed(first, certified("Tom Poes", by=trusted), field="Twee")

    said = read(come_back(client, sent, both))

    assert [state for state, _why in said["Digitale handtekening"]] == ["ok", "ok"]
    assert said["Ons bestand"][0][0] == "ok"


def test_what_was_changed_after_signing_is_seen(client, sent, katrien):
    content = bytearray(signed(ours(sent), katrien))
    place = content.index(b"/Handtekening") if b"/Handtekening" in content else 0
    place = place or content.index(b"Handtekening")
    content[place : place + 1] = b"h"

    said = read(come_back(client, sent, bytes(content)))

    [(state, why)] = said["Digitale handtekening"]
    assert state == "look"
    assert "het bestand is daarna veranderd" in why


def test_what_was_added_after_signing_is_seen(client, sent, katrien):
    writer = IncrementalPdfFileWriter(io.BytesIO(signed(ours(sent), katrien)))
    other_page(writer)
    writer.write(out := io.BytesIO())

    said = read(come_back(client, sent, out.getvalue()))

    [(state, why)] = said["Digitale handtekening"]
    assert (state, "nog gewijzigd" in why) == ("look", True)
    assert said["Ons bestand"][0][0] == "look"


def other_page(writer):
    """The first page says something else, the bytes before are as they were."""
    content = generic.StreamObject(stream_data=b"0 0 0 rg 90 500 200 80 re f")
    page = writer.root["/Pages"]
    while "/Kids" in page:
        page = page["/Kids"][0]
    page["/Contents"] = writer.add_object(content)
    writer.update_container(page)


def test_who_changes_our_text_while_signing_is_found_out(client, sent, katrien):
    changed = signed(ours(sent), katrien, change=other_page)
    assert changed.startswith(ours(sent))

    said = read(come_back(client, sent, changed))

    assert said["Digitale handtekening"][0][0] == "ok"  # the signature itself is
    [(state, why)] = said["Ons bestand"]
    assert state == "look"
    assert "meer veranderd dan getekend: pagina 1." in why


def test_a_remark_on_top_of_our_text_is_seen(client, sent, katrien):
    def remark(writer):
        page = writer.root["/Pages"]
        while "/Kids" in page:
            page = page["/Kids"][0]
        note = {"/Type": "/Annot", "/Subtype": "/FreeText"}
        note = generic.DictionaryObject(
            {generic.pdf_name(k): generic.pdf_name(v) for k, v in note.items()}
        )
        note[generic.pdf_name("/Rect")] = generic.ArrayObject(
            map(generic.NumberObject, [50, 50, 300, 90])
        )
        notes = page.get("/Annots", generic.ArrayObject())
        page["/Annots"] = generic.ArrayObject([*notes, writer.add_object(note)])
        writer.update_container(page)

    said = read(come_back(client, sent, signed(ours(sent), katrien, change=remark)))

    assert said["Ons bestand"][0][0] == "look"


def test_another_document_of_ours_is_not_taken_for_the_contract(client, sent, katrien):
    other = ours(sent, DocumentKind.TERMS)

    said = read(come_back(client, sent, signed(other, katrien)))

    assert "ander document" in said["Ons bestand"][0][1]
    assert said["Pagina's"][0][0] == "look"


def test_another_document_altogether_is_seen(client, sent, katrien):
    page = b"BT /F1 12 Tf 50 700 Td (Iets heel anders) Tj ET"
    content = text_pdf(page)

    said = read(come_back(client, sent, signed(content, katrien)))

    assert "niet byte voor byte" in said["Ons bestand"][0][1]
    assert "Hier ontbreekt: pagina's 1, 2" in said["Pagina's"][0][1]


def text_pdf(*pages):
    """A PDF in Helvetica, written by hand."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        font,
    ]
    for n, page in enumerate(pages):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % (5 + 2 * n)
        )
        objects.append(stream(page))
    return raw(*objects)


@pytest.mark.parametrize("known", [True, False])
def test_a_chain_to_nobody_that_we_trust_is_told(
    client, sent, trusted, settings, known
):
    stranger = certified("Katrien Duck", by=certified("Eigen CA"))
    settings.TRUSTED_SIGNERS = settings.TRUSTED_SIGNERS if known else ""

    said = read(come_back(client, sent, signed(ours(sent), stranger)))

    [(state, why)] = said["Digitale handtekening"]
    assert state == ("look" if known else "unknown")
    assert ("kennen de uitgever" if known else "niet ingesteld") in why


def test_a_certificate_that_is_over_is_told(client, sent, trusted):
    late = certified("Katrien Duck", by=trusted, days=(-20, -2))

    said = read(come_back(client, sent, signed(ours(sent), late)))

    [(state, why)] = said["Digitale handtekening"]
    assert (state, "niet (meer) geldig" in why) == ("look", True)


def without(content, page):
    with pikepdf.open(io.BytesIO(content)) as pdf:
        del pdf.pages[page - 1]
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def test_a_page_that_lacks_is_named(client, sent):
    said = read(come_back(client, sent, without(ours(sent), 2)))

    assert "Hier ontbreekt: pagina 2." in said["Pagina's"][0][1]
    assert said["Digitale handtekening"][0][0] == "unknown"
    assert said["Tekst"][0][0] == "ok"


def test_other_words_are_quoted(client, sent):
    again = application_in(Status.CONTRACT_SENT, key_name="Iets", username="een-ander")

    said = read(come_back(client, sent, ours(again)))

    [state, why] = said["Tekst"][0]
    assert state == "look"
    assert "Tekst wijkt af op pagina" in why


def test_a_scan_is_said_to_be_one(client, sent):
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out := io.BytesIO())

    said = read(come_back(client, sent, out.getvalue()))

    assert "dit is een scan" in said["Tekst"][0][1]
    assert said["Pagina's"][0][0] == "look"
    assert "Ons bestand" not in said


def test_a_page_that_unpacks_to_a_gigabyte_is_only_too_much(client, sent):
    filters = b"/Filter[/FlateDecode/FlateDecode]"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>"
    page += b"/Contents 4 0 R>>"
    bomb = raw(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        stream(packed(b"q Q " * (1 << 18), 1024), filters),
    )

    said = read(come_back(client, sent, bomb))

    assert said["Tekst"][0][0] == "unknown"  # as too much, or as without text


def test_who_takes_too_long_is_ended(client, sent, katrien, monkeypatch):
    content = signed(ours(sent), katrien)
    send_back(client, sent, content)
    monkeypatch.setattr(limited, "SECONDS", 0.01)
    back = sent.documents.get(kind=DocumentKind.SIGNED_CONTRACT)

    found = comparing.compare(back)

    assert (found.signatures, found.text) == (None, None)
    assert all(state == "unknown" for [(state, _why)] in read(back).values())


def test_it_is_looked_into_once_and_kept_as_it_was(client, sent):
    back = come_back(client, sent, without(ours(sent), 1))

    assert comparing.compare(back).pk == ReturnedFile.objects.get().pk
    with pytest.raises(Error, match="Cannot update"):
        ReturnedFile.objects.update(text=None)


def test_our_own_signature_in_it_is_not_theirs(client, sent, katrien):
    beside = ReturnedFile(signatures=[{"kind": "person", "ours": True}])

    assert beside.signed_by_them() == []


def test_staff_see_both_pages_beside_each_other(client, sent, katrien):
    back = come_back(client, sent, signed(ours(sent), katrien))
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    here = f"/beheer/applications/application/{sent.pk}/"

    for page in (f"{here}change/", f"{here}goedkeuren/"):
        assert "Er is getekend op precies het bestand" in client.get(page).text
    both = client.get(f"{here}document/{back.pk}/vergelijken/?pagina=2").text
    picture = client.get(f"{here}document/{back.pk}/pagina/2/")

    assert both.count("<img") == 2
    assert picture.content.startswith(b"\x89PNG")
    assert picture["Content-Type"] == "image/png"
    assert client.get(f"{here}document/{back.pk}/pagina/99/").status_code == 404


def test_who_waits_for_the_worker_reads_that(client, sent):
    following.return_contract(sent, without(ours(sent), 1))
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(f"/beheer/applications/application/{sent.pk}/change/").text

    assert "kijkt dit bestand nog na" in page


def test_a_signed_mandate_for_another_account_is_seen_beside_ours(client, katrien):
    application = application_in(Status.APPROVED)
    alice = MembershipFactory(organisation=application.contract.organisation).user
    change = bank.ask(
        application.contract,
        iban=NEW,
        account_holder="K. Duck",
        by=alice,
    )
    bank.confirm(token(change))
    bank.agree_as_staff(change, how_checked="Gebeld", by=UserFactory(is_staff=True))
    sheet = bytes(change.documents.get().content)
    bank.return_mandate(change, signed(sheet, katrien), by=alice)
    back = change.documents.get(kind=DocumentKind.SIGNED_MANDATE)
    tasks.compare_returned(document_id=back.pk)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    here = f"/beheer/applications/bankchange/{change.pk}/"

    page = client.get(f"{here}change/").text
    both = client.get(f"{here}document/{back.pk}/vergelijken/").text
    picture = client.get(f"{here}document/{back.pk}/pagina/1/")

    assert "Er is getekend op precies het bestand" in page
    assert f"{here}document/{back.pk}/vergelijken/" in page
    assert both.count("<img") == 2
    assert picture.content.startswith(b"\x89PNG")


def test_reading_a_file_waits_until_the_mails_are_sent(client, sent):
    come_back(client, sent, without(ours(sent), 1))

    jobs = dict(ProcrastinateJob.objects.values_list("task_name", "priority"))
    reading = jobs.pop("applications.tasks.compare_returned")
    assert jobs
    assert all(reading < other for other in jobs.values())
