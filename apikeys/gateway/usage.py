"""A gateway tells what was used, in batches that count once."""

import re
from collections.abc import Iterator

from django.http import HttpRequest, JsonResponse, UnreadablePostError

from .. import gateways, reports, usage
from .answers import WHO_ASKS, answer, machine, problem

BATCH_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
ENCODINGS = {"": False, "identity": False, "gzip": True}
READERS = {
    "application/x-ndjson": reports.from_ndjson,
    "application/json": reports.from_json,
}


@machine("POST")
def report(request):
    gateway = gateways.recognise(request.headers.get("Authorization", ""))
    if gateway is None:
        detail = "The header Authorization holds no token of a gateway."
        return problem(401, "Unauthorized", detail, headers=WHO_ASKS)
    encoding = request.headers.get("Content-Encoding", "").lower()
    if encoding not in ENCODINGS:
        return problem(415, "Unsupported encoding", "Use gzip, or none.")
    if request.content_type not in READERS:
        return problem(415, "Unsupported media type", f"Use {' or '.join(READERS)}.")
    if "Transfer-Encoding" in request.headers:  # Django would read it as empty
        detail = "Send a Content-Length, and no Transfer-Encoding."
        return problem(411, "Length required", detail)
    batch_id = request.headers.get("Batch-Id", "")
    if not BATCH_ID.fullmatch(batch_id):
        detail = "The header Batch-Id holds 1 to 100 letters, digits, or . _ : -"
        return problem(400, "Bad request", detail)
    pieces = reports.unpacked(_whole(request), gzip=ENCODINGS[encoding])
    return _counted(gateway, batch_id, pieces, READERS[request.content_type])


def _whole(request: HttpRequest) -> Iterator[bytes]:
    """The body in pieces; raises NotReadable where the connection ended before it did.

    A web server hands over what came as if it were all, and the first half of a batch may
    look like a whole one.
    """
    left = int(request.headers.get("Content-Length") or 0)
    try:
        while piece := request.read(reports.PIECE):
            left -= len(piece)
            yield piece
    except UnreadablePostError:
        left = -1
    if left:
        raise reports.NotReadable("The body is not as long as its Content-Length.")


def _counted(gateway, batch_id, pieces, read):
    try:
        return answer(JsonResponse(usage.count(gateway, batch_id, pieces, read)))
    except usage.BadLines as error:
        detail = f"Nothing was counted. `errors` names {len(error.faults)} bad lines."
        errors = [{"line": number, "detail": fault} for number, fault in error.faults]
        return problem(400, "Bad request", detail, errors=errors)
    except reports.NotReadable as error:
        return problem(400, "Bad request", str(error))
    except reports.TooLarge as error:
        return problem(413, "Content too large", str(error))
    except usage.BatchDiffers:
        detail = "Another body was counted under this Batch-Id."
        return problem(409, "Conflict", detail)
