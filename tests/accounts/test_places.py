import pytest
from django.utils import translation
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from accounts import places

UTRECHT = {
    "city": {"names": {"en": "Utrecht", "nl": "Utrecht"}},
    "country": {"names": {"en": "Netherlands", "nl": "Nederland"}},
}
SOMEWHERE = {"country": {"names": {"en": "Atlantis"}}}


@pytest.fixture
def database(settings, tmp_path):
    writer = MMDBWriter(6, "Test", languages=["nl", "en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["8.8.8.0/24"]), UTRECHT)
    writer.insert_network(IPSet(["2a00::/16"]), SOMEWHERE)
    settings.GEOIP_DATABASE = str(tmp_path / "places.mmdb")
    writer.to_db_file(settings.GEOIP_DATABASE)
    places._database.cache_clear()
    yield
    places._database.cache_clear()


@pytest.mark.parametrize(
    ("language", "address", "words"),
    [
        ("nl", "8.8.8.8", "8.8.8.8 (Utrecht, Nederland)"),
        ("en", "8.8.8.8", "8.8.8.8 (Utrecht, Netherlands)"),
        ("nl", "2a00::1", "2a00::1 (Atlantis)"),
        ("nl", "9.9.9.9", "9.9.9.9"),
        ("nl", "192.168.1.4", "192.168.1.4 (lokaal netwerk)"),
        ("nl", "fd00::4", "fd00::4 (lokaal netwerk)"),
        ("nl", "", ""),
        ("nl", None, ""),
    ],
)
def test_an_address_is_told_with_its_place(database, language, address, words):
    with translation.override(language):
        assert places.address_and_place(address) == words


def test_without_a_database_there_is_the_address_alone():
    assert places.address_and_place("8.8.8.8") == "8.8.8.8"


def test_a_database_that_is_broken_keeps_nobody_out(settings, tmp_path):
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"no database")
    settings.GEOIP_DATABASE = str(broken)

    assert places.address_and_place("8.8.8.8") == "8.8.8.8"
