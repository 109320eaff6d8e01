"""What other pages show of notices."""

from django import template

from .. import notices

register = template.Library()


@register.inclusion_tag("apikeys/notices.html", takes_context=True)
def notices_of(context, membership):
    """What an organisation has to read, for the dashboard."""
    readers = list(notices.for_organisation(membership.organisation))
    return {
        "csrf_token": context.get("csrf_token"),
        "membership": membership,
        "unread": [one for one in readers if not one.read_at],
        "read": [one for one in readers if one.read_at],
    }
