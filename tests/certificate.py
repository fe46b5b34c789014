"""Certificates for servers in tests, by an authority of their own; no test is here."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID


def make_certificate(
    folder: Path, name: str, *, authority: Path | None = None
) -> tuple[Path, Path]:
    """Return the certificate of an authority, and a file with the key and certificate of a server.

    Args:
        name: the host that the certificate is valid for.
        authority: one that was made before; None: another is made.
    """
    if authority is None:
        authority = folder / "authority.pem"
        key = generate_private_key(SECP256R1())
        subject = _subject("Authority of tests")
        made = _builder(subject, subject, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        authority.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        authority.with_suffix(".key").write_bytes(_pem(key))
    issuer_key = load_pem_private_key(authority.with_suffix(".key").read_bytes(), None)
    assert isinstance(issuer_key, EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.read_bytes()).subject
    key = generate_private_key(SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = _builder(_subject(name), issuer, key).add_extension(names, critical=False)
    certificate = made.sign(issuer_key, hashes.SHA256())
    path = folder / f"{name}.pem"
    path.write_bytes(_pem(key) + certificate.public_bytes(Encoding.PEM))
    return authority, path


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
