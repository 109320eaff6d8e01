"""An OpenID Connect provider that says whatever a test wants it to say."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class HostileProvider:
    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.claims, self.header = {}, {}
        self.make_token = (
            None  # from claims to a token, where the ordinary one will not do
        )
        self.answers = {}  # path → (status, headers, bytes), instead of the ordinary one
        self.asked = []  # (path, body) of every request
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, handler):
        length = int(handler.headers.get("Content-Length", 0))
        self.asked.append((handler.path, handler.rfile.read(length).decode()))
        status, headers, body = self.answers.get(handler.path) or self._ordinary(
            handler.path
        )
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _ordinary(self, path):
        answer = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": [self.public_key()]},
            "/token": {"access_token": "a", "id_token": self._token()},
        }[path]
        return 200, {}, json.dumps(answer).encode()

    def public_key(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**key, "kid": "1", "use": "sig", "alg": "RS256"}

    def _token(self):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "client", "iat": now, "exp": now + 300}
        claims |= {"sub": "1", **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.make_token:
            return self.make_token(claims)
        return jwt.encode(claims, self.key, "RS256", {"kid": "1", **self.header})

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def unsigned(claims):
    """A token of the algorithm "none"."""
    parts = [
        json.dumps(part).encode() for part in ({"alg": "none", "kid": "1"}, claims)
    ]
    return (
        ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts) + "."
    )
