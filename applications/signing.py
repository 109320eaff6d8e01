"""Signs what we send with the operator's own certificate (PAdES), where there is one."""

import datetime
import io
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from mail.paper import NotRendered

FIELD = "Operator"
# Outside of every page: what stands on it is for a reader, and stays as it was set.
NOWHERE = fields.InvisSigSettings(box_out_of_bounds=True)


def signed(content: bytes) -> bytes:
    """The PDF with our signature behind it; as it was without a certificate.

    Raises NotRendered where the certificate is not valid today.
    """
    if not settings.SIGNING_CERTIFICATE:
        return content
    signer = _signer(
        settings.SIGNING_CERTIFICATE,
        settings.SIGNING_PASSPHRASE,
        Path(settings.SIGNING_CERTIFICATE).stat().st_mtime,
    )
    about = signers.PdfSignatureMetadata(
        field_name=FIELD,
        name=settings.OPERATOR_LEGAL_NAME,
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    place = fields.SigFieldSpec(FIELD, invis_sig_settings=NOWHERE)
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    made = signers.PdfSigner(about, signer, new_field_spec=place).sign_pdf(writer)
    return made.getvalue()


def _signer(path: str, passphrase: str, changed: float) -> signers.SimpleSigner:
    signer = _loaded(path, passphrase, changed)
    certificate, now = signer.signing_cert, datetime.datetime.now(datetime.UTC)
    if not (
        certificate
        and certificate.not_valid_before <= now <= certificate.not_valid_after
    ):
        raise NotRendered("the certificate that we sign with is not valid today")
    return signer


@lru_cache(maxsize=1)
def _loaded(path: str, passphrase: str, changed: float) -> signers.SimpleSigner:
    """Read once, and again when the file is another one."""
    signer = signers.SimpleSigner.load_pkcs12(
        path, passphrase=passphrase.encode() or None
    )
    if signer is None:
        raise NotRendered("the certificate that we sign with cannot be read")
    return signer
