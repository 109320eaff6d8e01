"""The key that a page is about: one of the member's own organisation, or not there."""

from functools import wraps

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect


def of_key(view):
    """Give the view the key; a decoy is there for administrators only."""

    @wraps(view)
    def found(request, membership, key_id, **kwargs):
        keys = membership.organisation.api_keys.with_details().with_last_use()
        key = get_object_or_404(keys, pk=key_id)
        if key.canary and "keys_manage" not in membership.permissions:
            raise Http404
        return view(request, membership, key, **kwargs)

    return found


def no_decoy(view):
    """What is done to a key that opens something is not there for a decoy."""

    @wraps(view)
    def found(request, membership, key, **kwargs):
        if key.canary:
            raise Http404
        return view(request, membership, key, **kwargs)

    return found


def to_key(key):
    return redirect("apikeys:detail", slug=key.organisation.slug, key_id=key.pk)
