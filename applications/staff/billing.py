"""What staff see of a line of billing before they put it right, or agree with that."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apikeys.models import PriceUnit
from apikeys.statements import ADJUSTMENT

from ..models import BillingCorrection, BillingLine

FAR = 10  # times what the line is: then somebody has most likely mistyped

UNITS = {**dict(PriceUnit.choices), ADJUSTMENT: _("correctie")}


@dataclass(frozen=True)
class Account:
    """A line, all that came after it, and what it would come to with one difference."""

    line: BillingLine
    difference: Decimal | None = None
    correction: BillingCorrection | None = None

    @property
    def unit(self) -> str | Promise:
        return UNITS.get(self.line.unit, self.line.unit)

    @cached_property
    def later(self) -> list[BillingLine]:
        """What a statement said of the same thing afterwards."""
        found = self.line.corrected_by.filter(correction=None)  # type: ignore[attr-defined]
        return list(found.select_related("billing").order_by("pk"))

    @cached_property
    def others(self) -> list[BillingCorrection]:
        """What else was proposed for the line, whatever came of it."""
        found = self.line.corrections.select_related("proposed_by", "decided_by")  # type: ignore[attr-defined]
        return [one for one in found if one != self.correction]

    @cached_property
    def stands_at(self) -> Decimal:
        return self.line.stands_at()

    @property
    def then(self) -> Decimal:
        return self.stands_at + (self.difference or 0)

    @property
    def warnings(self) -> list[Any]:
        """What is odd about the difference; it may be right all the same."""
        if not self.difference:
            return []
        size, line = abs(self.difference), abs(self.line.amount)
        said = {
            _("Het verschil is meer dan tien keer de regel zelf."): size > FAR * line,
            _("Het verschil is groter dan de regel zelf."): line < size <= FAR * line,
            _("Daarna staat de regel onder nul."): self.then < 0 <= self.stands_at,
            _("Er is nog een voorstel voor deze regel."): any(
                other.decided_at is None for other in self.others
            ),
        }
        return [text for text, holds in said.items() if holds]
