from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    """What it tells of a person; the groups of a person say what is known of them."""

    oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {"amr": "openid"}

    def get_additional_claims(self, request):
        marks = set(request.user.groups.values_list("name", flat=True))
        return {
            "email": request.user.email,
            "email_verified": "verified" in marks,
            "amr": ["pwd", "otp", "mfa"] if "mfa" in marks else ["pwd"],
        }
