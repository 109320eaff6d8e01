"""Asking a server that a customer named, without letting it lead us inside (SSRF).

The check is made on the connection that is used, of the address that it goes to: a name
that resolves to something else a moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

SECONDS = 8  # for one answer, all of it
MOST_BYTES = 512 * 1024
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(requests.RequestException):
    """We do not ask this address, or do not take this answer."""


def session() -> requests.Session:
    """What all questions to a provider go through."""
    asking = requests.Session()
    asking.trust_env = False  # no proxy, no .netrc: the check is on our own connection
    asking.mount("https://", _Guarded())
    if settings.OWN_LOGIN_PRIVATE_ADDRESSES:
        asking.mount("http://", _Guarded())
    else:
        del asking.adapters["http://"]
    return asking


def is_public(address: str) -> bool:
    """Whether an IP address lies on the internet, whatever it is written as."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip.sixtofour or ip.teredo or ip in NAT64:  # ways to an IPv4 inside
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _Connects:
    """Resolves once, judges every address, and connects to one that was judged."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            found = socket.getaddrinfo(
                self._dns_host, self.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"{self.host}: {error}") from error
        addresses = [str(one[4][0]) for one in found]
        if not settings.OWN_LOGIN_PRIVATE_ADDRESSES and not all(
            is_public(address) for address in addresses
        ):
            raise NewConnectionError(self, f"{self.host} is not on the internet")
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                sock = socket.create_connection((address, self.port), SECONDS / 2)
            except OSError as error:
                failure = error
            else:
                _watched.append(sock)
                return sock
        raise NewConnectionError(self, str(failure)) from failure


class _HTTPConnection(_Connects, HTTPConnection):
    pass


class _HTTPSConnection(_Connects, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Watched(threading.local):
    """The connections of one question, to be cut when its time is over."""

    def __init__(self):
        self.deadline = None

    def append(self, sock):
        if self.deadline is not None:
            self.deadline.append(sock.dup())


_watched = _Watched()


@contextmanager
def _deadline() -> Iterator[None]:
    """Cut whatever connection is open when the time is over, also one that drips."""
    watched: list[socket.socket] = []

    def cut():
        for sock in watched:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    _watched.deadline = watched
    timer = threading.Timer(SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _watched.deadline = None
        for sock in watched:
            sock.close()


class _Guarded(HTTPAdapter):
    """Follows nowhere, and takes an answer of a limited size within a limited time."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=2, maxsize=1)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _HTTPPool,
            "https": _HTTPSPool,
        }

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        request.headers["Connection"] = (
            "close"  # each question its own, judged connection
        )
        options |= {"stream": True, "timeout": SECONDS / 2, "proxies": None}
        with _deadline():
            response = super().send(request, **options)
            try:
                if 300 <= response.status_code < 400:
                    raise Refused(f"{request.url} leads elsewhere")
                body = b""
                for chunk in response.iter_content(16 * 1024):
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise Refused(f"{request.url} answers too much")
            finally:
                response.close()
        response._content, response._content_consumed = body, True
        return response
