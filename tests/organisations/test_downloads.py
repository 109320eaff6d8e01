"""A file that is taken along is shown nowhere, kept nowhere, and called what it is."""

import pytest
from django.conf import settings
from django.http import StreamingHttpResponse

from organisations.downloads import HEADERS, as_download

ELSEWHERE = {
    "applications/views/applying.py",  # the terms, which are read in the browser
    "mail/views.py",  # the mailbox of development
    "organisations/downloads.py",
}


@pytest.mark.parametrize(
    "content", [b"a,b\r\n", memoryview(b"a,b\r\n"), "a,b\r\n", iter(["a,", "b\r\n"])]
)
def test_it_is_sent_whole_or_in_pieces(content):
    pieces = not isinstance(content, (bytes, memoryview, str))

    answer = as_download(content, "lijst.csv")

    assert isinstance(answer, StreamingHttpResponse) == pieces
    assert answer.getvalue() == b"a,b\r\n"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="lijst.csv"'
    for header, value in HEADERS.items():
        assert answer[header] == value


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("afrekening België.pdf", "filename*=utf-8''afrekening%20Belgi%C3%AB.pdf"),
        ("a\r\nSet-Cookie: x.pdf", 'filename="a--Set-Cookie- x.pdf"'),
        ("../../etc/x.pdf", 'filename="..-..-etc-x.pdf"'),
        ('"; x="', 'filename="-; x=-"'),
    ],
)
def test_a_name_names_a_file_and_no_more(name, sent):
    assert as_download(b"", name)["Content-Disposition"] == f"attachment; {sent}"


def test_what_it_is_follows_from_its_name():
    assert as_download(b"", "x.xml")["Content-Type"] == "application/xml"
    assert as_download(b"", "x.html")["Content-Type"] == "application/octet-stream"


def test_nobody_sends_a_file_in_a_way_of_its_own():
    packages = [
        "accounts", "apikeys", "applications", "audit", "mail", "organisations", "portal",
    ]  # fmt: skip
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for package in packages
        for path in (settings.BASE_DIR / package).rglob("*.py")
        if "Content-Disposition" in path.read_text()
    }

    assert found == ELSEWHERE
