"""AWS Signature Version 4, the checking side: was this request signed with that secret key?"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from tray.fake_aws.http.wire_format import AwsError, Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<day>\d{8})/(?P<region>[\w-]+)/"
    r"(?P<service>\w+)/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;-]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The date is not compared with a clock: tests move the server's, not the client's."""

    access_key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    request: Request = field(repr=False)

    @classmethod
    def of(cls, request: Request) -> Signature:
        """
        Read the header.

        Raises AwsError: MissingAuthenticationToken without one, IncompleteSignature for one that
        is malformed, of another service, or leaves host or date unsigned.
        """
        text = request.headers.get("authorization")
        if text is None:
            message = "Request is missing Authentication Token"
            raise AwsError("MissingAuthenticationToken", message)
        found = _AUTHORIZATION.fullmatch(text)
        if found is None:
            raise AwsError("IncompleteSignature", "the Authorization header is malformed")
        headers = tuple(found["headers"].split(";"))
        needed = {"host", "x-amz-date", "x-amz-security-token"} & {"host", *request.headers}
        if found["service"] != "sts" or not needed <= set(headers):
            raise AwsError("IncompleteSignature", "another service, or too few signed headers")
        return cls(
            found["key"],
            found["day"],
            found["region"],
            found["service"],
            headers,
            found["signature"],
            request,
        )

    def verify(self, secret_access_key: str) -> None:
        """Raises AwsError (SignatureDoesNotMatch) unless this secret key made the signature."""
        key = f"AWS4{secret_access_key}".encode()
        for part in (self.day, self.region, self.service, "aws4_request"):
            key = _hmac(key, part)
        ours = _hmac(key, self._string_to_sign()).hex()
        if not hmac.compare_digest(ours, self.signature):
            message = "The request signature we calculated does not match"
            raise AwsError("SignatureDoesNotMatch", message)

    def _string_to_sign(self) -> str:
        request = self.request
        headers = "".join(
            f"{name}:{' '.join(request.headers.get(name, '').split())}\n"
            for name in self.signed_headers
        )
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
            for name, value in sorted(request.query)
        )
        canonical = "\n".join(
            (
                request.method,
                request.path,
                query,
                headers,
                ";".join(self.signed_headers),
                hashlib.sha256(request.body).hexdigest(),
            )
        )
        scope = f"{self.day}/{self.region}/{self.service}/aws4_request"
        date = request.headers.get("x-amz-date", "")
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
