"""Certificates of nobody, and PDFs that are signed with them."""

import datetime
import io
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

PASSPHRASE = b"proef"


@dataclass
class Somebody:
    """A key, its certificate, and whoever vouches for it."""

    key: Any
    certificate: x509.Certificate
    issuers: list[x509.Certificate]

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def pkcs12(self):
        return pkcs12.serialize_key_and_certificates(
            b"proef",
            self.key,
            self.certificate,
            self.issuers,
            BestAvailableEncryption(PASSPHRASE),
        )


def certified(name, *, by=None, days=(-10, 10)):
    """Somebody of this name; without `by` they vouch for themselves, and for others."""
    now = datetime.datetime.now(datetime.UTC)
    key, root = ec.generate_private_key(ec.SECP256R1()), by is None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if root else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(_usage(root), critical=True)
    )
    made = builder.sign(key if root else by.key, hashes.SHA256())
    return Somebody(key, made, [] if root else [by.certificate])


def _usage(root):
    names = "content_commitment data_encipherment encipher_only decipher_only"
    names += " key_agreement key_encipherment"
    return x509.KeyUsage(
        digital_signature=not root,
        key_cert_sign=root,
        crl_sign=root,
        **(dict.fromkeys(names.split(), False) | {"content_commitment": not root}),
    )


def signed(content, somebody, *, field="Handtekening", change=None):
    """The PDF with a signature behind it; `change` alters it in the same addition."""
    signer = signers.SimpleSigner.load_pkcs12_data(
        somebody.pkcs12, other_certs=[], passphrase=PASSPHRASE
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    if change:
        change(writer)
    about = signers.PdfSignatureMetadata(
        field_name=field, subfilter=fields.SigSeedSubFilter.PADES
    )
    return signers.sign_pdf(writer, about, signer=signer).getvalue()
