import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(("megabytes", "kept"), [(1, 1), (2, 2), (40, 2)])
def test_a_file_is_kept_no_further_than_any_form_needs(settings, megabytes, kept):
    settings.UPLOAD_MAX_MEGABYTES = 1
    sent = SimpleUploadedFile("groot.pdf", b"x" * MEGABYTE * megabytes)

    request = RequestFactory().post("/account/login/", {"file": sent})

    assert kept <= request.FILES["file"].size / MEGABYTE < kept + 0.1
    request.close()
