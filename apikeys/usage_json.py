"""Usage for scripts: the numbers of the page, under names that do not change."""

from typing import Any

from django.utils import timezone

from .models import Outcome
from .reading import costs, counting, quotas
from .reading.counting import Sums
from .usage_forms import FindUsageForm


def about(form: FindUsageForm) -> dict[str, Any]:
    """What was asked for in a valid form; amounts are text, as JSON has no decimals."""
    period, earlier = form.periods()
    asked, step = form.asked(), form.step_of(period)
    used = counting.used(asked, period, step)
    before = counting.used(asked, earlier, step, only_calls=True)
    today = timezone.localdate()
    organisation = asked.organisation
    return {
        "organisation": organisation.slug,
        "from": period.first.isoformat(),
        "until": period.last.isoformat(),
        "step": step.name.lower(),
        "total": _numbers(used.total),
        "before": {
            "from": earlier.first.isoformat(),
            "until": earlier.last.isoformat(),
            "calls": before.total.calls,
        },
        "moments": [
            {"at": moment.isoformat(), **_numbers(used.by_moment.get(moment) or Sums())}
            for moment in used.moments
        ],
        "apis": [
            {"api": form.slugs[pk], **_numbers(sums)}
            for pk, sums in sorted(used.by_api.items())
        ],
        "keys": [
            {"apiKeyId": pk, "name": form.keys.get(pk, ""), **_numbers(sums)}
            for pk, sums in sorted(used.by_key.items())
        ],
        "costs": {
            "month": f"{today:%Y-%m}",
            "currency": "EUR",
            "soFar": str(costs.so_far(organisation, today, key=asked.key).amount),
            "expected": str(costs.expected(organisation, today, key=asked.key).amount),
        },
        "quotas": [
            {
                "subscription": quota.product.slug,
                "callsPerMonth": quota.product.calls_per_month,
                "callsPerSecond": quota.product.calls_per_second,
                "used": quota.used,
            }
            for quota in quotas.of_month(organisation, today)
        ],
    }


def _numbers(sums: Sums) -> dict[str, Any]:
    return {
        "calls": sums.calls,
        "outcomes": {
            "ok": sums.outcomes[Outcome.OK],
            "clientError": sums.outcomes[Outcome.CLIENT_ERROR],
            "limited": sums.outcomes[Outcome.LIMITED],
            "serverError": sums.outcomes[Outcome.SERVER_ERROR],
        },
        "bytes": sums.bytes_sent,
        "medianMs": sums.median and round(sums.median),
        "percentile95Ms": sums.percentile_95 and round(sums.percentile_95),
    }
