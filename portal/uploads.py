"""Keeps what is sent as a file from filling the disk, whatever its size and the page."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class AtMost(FileUploadHandler):
    """Drops what comes after the largest size that any form accepts.

    Of a file that is too large so much is kept that the form sees that it is.
    """

    def receive_data_chunk(self, raw_data, start):
        most = (settings.UPLOAD_MAX_MEGABYTES + 1) * 1024 * 1024  # bytes
        return raw_data if start < most else None

    def file_complete(self, file_size):
        return None
