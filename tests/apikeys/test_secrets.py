import re

import pytest

from accounts.encryption import NotDecryptable
from apikeys import secrets
from portal.logging import SECRET
from tests.factories import ApiKeyFactory

PEPPERS = {1: b"1" * 32, 2: b"2" * 32}


def test_new_has_the_anatomy_that_scanners_and_the_log_filter_know():
    text = secrets.new("ab12cd34")

    assert re.fullmatch(r"kvk_live_ab12cd34_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", text)
    assert SECRET.fullmatch(text)
    assert secrets.public_id(text) == "ab12cd34"


def test_new_never_makes_the_same_secret_twice():
    assert len({secrets.new("ab12cd34") for _ in range(1000)}) == 1000


def test_public_id_refuses_every_single_typing_error():
    text = secrets.new("ab12cd34")

    for place in range(len(text)):
        other = "x" if text[place] != "x" else "y"
        assert secrets.public_id(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "presented",
    [
        "",
        "kvk",
        "kvk_live_ab12cd34",
        "é" * 70,
        "a" * 100_000,
        "kvk_live_\x00",
        "l7xx1f26",
    ],
)
def test_public_id_refuses_what_is_no_secret(presented):
    assert secrets.public_id(presented) is None


@pytest.mark.django_db
def test_proves_accepts_only_the_secret_itself():
    key = ApiKeyFactory()
    secret = key.secrets.get()
    text = secrets.unseal(secret)

    assert secrets.proves(text, secret)
    assert not secrets.proves(secrets.new(secret.public_id), secret)


@pytest.mark.django_db
def test_proves_still_accepts_a_digest_under_an_older_pepper(settings):
    settings.KEY_PEPPERS = {1: PEPPERS[1]}
    old = ApiKeyFactory().secrets.get()
    settings.KEY_PEPPERS = PEPPERS
    new = ApiKeyFactory().secrets.get()

    assert (old.pepper_version, new.pepper_version) == (1, 2)
    assert secrets.proves(secrets.unseal(old), old)
    assert secrets.proves(secrets.unseal(new), new)


@pytest.mark.django_db
def test_proves_refuses_a_digest_whose_pepper_is_no_longer_set(settings):
    secret = ApiKeyFactory().secrets.get()
    settings.KEY_PEPPERS = {2: PEPPERS[2]}

    assert not secrets.proves(secrets.unseal(secret), secret)


@pytest.mark.django_db
def test_unseal_still_opens_what_an_older_encryption_key_sealed(settings):
    settings.KEY_ENCRYPTION_KEYS = {1: PEPPERS[1]}
    old = ApiKeyFactory().secrets.get()
    settings.KEY_ENCRYPTION_KEYS = PEPPERS
    new = ApiKeyFactory().secrets.get()

    assert (old.ciphertext[0], new.ciphertext[0]) == (1, 2)
    assert secrets.public_id(secrets.unseal(old)) == old.public_id


@pytest.mark.django_db
def test_unseal_refuses_the_ciphertext_of_another_key():
    mine, theirs = ApiKeyFactory().secrets.get(), ApiKeyFactory().secrets.get()
    mine.ciphertext = theirs.ciphertext

    with pytest.raises(NotDecryptable):
        secrets.unseal(mine)


@pytest.mark.django_db
def test_unseal_refuses_a_changed_ciphertext():
    secret = ApiKeyFactory().secrets.get()
    sealed = bytearray(secret.ciphertext)
    sealed[-1] ^= 1
    secret.ciphertext = bytes(sealed)

    with pytest.raises(NotDecryptable):
        secrets.unseal(secret)


@pytest.mark.django_db
def test_the_stored_row_does_not_hold_the_secret():
    secret = ApiKeyFactory().secrets.get()
    random_part = secrets.unseal(secret).split("_")[3].encode()

    assert random_part not in bytes(secret.ciphertext) + bytes(secret.digest)
