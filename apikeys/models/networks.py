"""Networks (CIDR) as PostgreSQL keeps them, which refuses what is none."""

from django.db import models


class CidrArrayField(models.Field):
    """A list of IPv4 and IPv6 networks, as text in Python and cidr[] in the database."""

    def db_type(self, connection):
        return "cidr[]"

    def get_placeholder(self, value, compiler, connection):
        return "%s::cidr[]"

    def get_prep_value(self, value):
        return None if value is None else [str(network) for network in value]
