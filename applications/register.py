"""What the Handelsregister says of a KVK number; asked only where the operator has a key.

The answer is advice for who decides (checks.py), and nothing is refused by it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import requests
from django.conf import settings

SECONDS = (3, 5)  # to connect, to answer


class NotAsked(Exception):
    """There is no register to ask, or it gave no answer: nothing is known."""


@dataclass(frozen=True)
class Entry:
    """One entry, as far as an application can be compared with it."""

    names: list[str] = field(default_factory=list)  # the first is the official one
    legal_form: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    ended_on: str = ""  # as the register writes it: 20260131

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Register(Protocol):
    """Somebody who can be asked for an entry."""

    def find(self, kvk_number: str) -> Entry | None:
        """The entry, or None when the number is nobody's; raises NotAsked."""


class NoRegister:
    """For who has no key: nothing is known."""

    def find(self, kvk_number: str) -> Entry | None:
        raise NotAsked("no key")


@dataclass(frozen=True)
class Basisprofiel:
    """The API of that name, at api.kvk.nl or its test environment."""

    url: str
    key: str

    def find(self, kvk_number: str) -> Entry | None:
        address = f"{self.url.rstrip('/')}/v1/basisprofielen/{kvk_number}"
        try:
            answer = requests.get(
                address,
                headers={"apikey": self.key},
                timeout=SECONDS,
                allow_redirects=False,
            )
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            return _entry(kvk_number, answer.json())
        except (requests.RequestException, ValueError, TypeError, AttributeError) as e:
            raise NotAsked(type(e).__name__) from e


def configured() -> Register:
    """The register of this operator."""
    if is_configured():
        return Basisprofiel(settings.KVK_API_URL, settings.KVK_API_KEY)
    return NoRegister()


def is_configured() -> bool:
    return bool(settings.KVK_API_KEY)


def _entry(kvk_number: str, profile: dict[str, Any]) -> Entry:
    """What we use of a profile; an answer about another number is none."""
    if profile.get("kvkNummer") != kvk_number:
        raise ValueError("not the number that was asked")
    inside = profile.get("_embedded") or {}
    branch, owner = inside.get("hoofdvestiging") or {}, inside.get("eigenaar") or {}
    addresses = [*(branch.get("adressen") or []), *(owner.get("adressen") or [])]
    visited = [one for one in addresses if one.get("type") == "bezoekadres"]
    where = (visited or addresses or [{}])[0]
    trade = [one.get("naam") for one in profile.get("handelsnamen") or []]
    names = [profile.get("naam"), profile.get("statutaireNaam"), *trade]
    house = [where.get(name) for name in ("straatnaam", "huisnummer", "huisletter")]
    addition = where.get("huisnummerToevoeging") or ""
    street = " ".join(str(part) for part in house if part)
    return Entry(
        names=list(dict.fromkeys(str(name) for name in names if name)),
        legal_form=str(owner.get("rechtsvorm") or ""),
        street=f"{street}-{addition}" if addition else street,
        postcode=str(where.get("postcode") or ""),
        city=str(where.get("plaats") or ""),
        ended_on=str(
            (profile.get("materieleRegistratie") or {}).get("datumEinde") or ""
        ),
    )
