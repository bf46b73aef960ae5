"""Servers on loopback that answer what no AWS service would: raw bytes, silence, bad TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tray.system import WINDOWS


def http(body: bytes | str, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP answer; underscores in header names are hyphens."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def json_http(document: object, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP answer with a JSON body."""
    return http(json.dumps(document), status, Content_Type="application/json", **headers)


class RawServer:
    """
    Answers every request with the same bytes and closes the connection.

    Args:
        answer: the bytes; None keeps every connection open in silence until the end.
        tls: the certificate to serve with.
    """

    def __init__(self, answer: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._answer = answer
        self._tls = tls
        self._silent: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the accept, which a close alone does not on Linux; Windows knows it no other way.
        if not WINDOWS:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._thread.join()
        self._listener.close()
        self._thread.join()
        for connection in self._silent:
            connection.close()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._answer_one(connection)

    def _answer_one(self, connection: socket.socket) -> None:
        if self._answer is None:
            self._silent.append(connection)
            return
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self.requests.append(_request(connection))
                connection.sendall(self._answer)
        except OSError:
            # A client that distrusts our certificate hangs up.
            connection.close()


def _request(connection: socket.socket) -> bytes:
    """Read one request whole, or the first bytes of a client that wants TLS (RFC 8446 5.1)."""
    data = b""
    while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.partition(b":")[2]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def refusing_port() -> Iterator[int]:
    """Give a port that is taken but where nobody listens: connections are refused."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def self_signed(
    directory: Path,
    *,
    host: str = "127.0.0.1",
    others: tuple[str, ...] = (),
    first_day: int = -1,
    last_day: int = 1,
) -> tuple[ssl.SSLContext, Path]:
    """
    Make a certificate that nobody trusts; return it for a server and as a CA file.

    Args:
        directory: where the files go.
        host: the address or name it is for.
        others: further names.
        first_day: from how many days after today it is valid.
        last_day: until how many days after today.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = dt.datetime.now(dt.UTC)
    alternative: x509.GeneralName = x509.DNSName(host)
    if host[0].isdigit():
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + dt.timedelta(days=first_day))
        .not_valid_after(today + dt.timedelta(days=last_day))
        .add_extension(
            x509.SubjectAlternativeName([alternative, *map(x509.DNSName, others)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
