"""What we send, signed by the operator where a certificate is set."""

import hashlib
import io
import json

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from applications import limited, signing, uploads
from applications.models import DocumentKind, Status
from applications.services import following, handling
from mail.paper import NotRendered
from tests.applications.certificates import PASSPHRASE, certified, signed
from tests.applications.test_following import application_in
from tests.applications.test_returned import come_back, read
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(settings, tmp_path):
    """Our certificate, and that we believe who vouches for it."""
    root = certified("Proef Root CA")
    ours = certified("Kamer van Voorbeeld", by=root)
    path, roots = tmp_path / "ours.p12", tmp_path / "roots.pem"
    path.write_bytes(ours.pkcs12)
    roots.write_bytes(root.pem)
    settings.SIGNING_CERTIFICATE = str(path)
    settings.SIGNING_PASSPHRASE = PASSPHRASE.decode()
    settings.TRUSTED_SIGNERS = str(roots)
    return root


def sent():
    application = application_in(Status.SUBMITTED)
    following.confirm_email(application)
    handling.send_contract(application, by=UserFactory())
    return application


def test_without_a_certificate_nothing_changes():
    assert signing.signed(b"%PDF-") == b"%PDF-"


def test_every_document_that_is_sent_is_signed_and_its_digest_is_of_that(operator):
    for document in sent().documents.all():
        content = bytes(document.content)
        [signature] = PdfFileReader(io.BytesIO(content)).embedded_signatures

        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        assert document.sha256 == hashlib.sha256(content).hexdigest()
        uploads.inspect(content)
        roots = operator.pem
        [found] = limited_signatures(roots, content)
        assert (found["name"], found["stands"]) == ("Kamer van Voorbeeld", True)
        assert (found["chain"], found["changed"]) == ("trusted", False)


def limited_signatures(roots, content):
    return json.loads(limited.ask("verify_pdf.py", {}, roots, content))


def test_a_signed_document_stays_archivable_and_accessible(operator):
    document = sent().documents.get(kind=DocumentKind.CONTRACT)

    pdf = pikepdf.open(io.BytesIO(bytes(document.content)))

    with pdf.open_metadata() as xmp:
        standards = [xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]]
        assert standards == ["2", "A", "1"]
        assert pdf.docinfo.Title == xmp["dc:title"]
    assert pdf.Root.Lang == "nl-NL"
    assert pdf.Root.MarkInfo.Marked
    [field] = pdf.Root.AcroForm.Fields
    assert min(field.Rect) < -1000  # on no page
    page = next(one for one in pdf.pages if "/Annots" in one and field in one.Annots)
    assert page.Tabs == "/S"


def test_our_signature_in_what_comes_back_is_not_taken_for_theirs(client, operator):
    application = sent()
    ours = bytes(application.documents.get(kind=DocumentKind.CONTRACT).content)
    katrien = certified("Katrien Duck", by=operator)

    said = read(come_back(client, application, signed(ours, katrien)))

    [(state, why)] = said["Digitale handtekening"]
    assert (state, "Katrien Duck" in why) == ("ok", True)
    assert said["Ons bestand"][0][0] == "ok"


def test_a_certificate_that_is_over_signs_nothing(operator, settings, tmp_path):
    late = certified("Kamer", by=operator, days=(-20, -1))
    path = tmp_path / "late.p12"
    path.write_bytes(late.pkcs12)
    settings.SIGNING_CERTIFICATE = str(path)

    with pytest.raises(NotRendered):
        signing.signed(b"%PDF-")
