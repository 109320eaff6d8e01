"""Signing in with a passkey, in Chromium with an authenticator that is not a device."""

from tests.browser.conftest import PASSWORD, run_in_site
from tests.browser.test_accessible import no_violation

MAKE = """
from accounts.models import User
User.objects.create_user("paula", "paula@voorbeeld.example", %r, name="Paula")
"""


def plug_in(person):
    """Give a browser a passkey store that answers as if its owner touched it."""
    cdp = person.context.new_cdp_session(person.page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp, made["authenticatorId"]


def confirms(person):
    person.fills(password=PASSWORD)
    person.presses("Bevestigen")


def test_a_passkey_from_adding_to_removing_it(site, person):
    run_in_site(site, MAKE % PASSWORD)
    paula = person()
    plug_in(paula)
    paula.signs_in("paula")

    # add: the recovery codes are shown at once
    paula.opens("/account/2fa/webauthn/add/")
    confirms(paula)
    no_violation(paula, "adding a passkey")
    paula.fills(name="Telefoon")
    paula.presses("Passkey toevoegen")
    paula.reads_heading("Herstelcodes")
    no_violation(paula, "recovery codes")
    assert paula.page.locator("#codes li").count() == 10
    paula.opens("/account/2fa/totp/activate/")
    no_violation(paula, "setting up an app")
    paula.opens("/account/2fa/")
    no_violation(paula, "both ways")
    paula.opens("/account/2fa/webauthn/")
    paula.sees("Nog niet gebruikt.")

    # sign in without a password, and land where one wanted to go
    paula.page.context.clear_cookies()
    paula.opens("/inloggen/?next=/mijn/gegevens/")
    paula.presses("Inloggen met een passkey")
    paula.page.wait_for_url("**/mijn/gegevens/")

    # as a second factor
    paula.page.context.clear_cookies()
    paula.opens("/inloggen/?next=/mijn/gegevens/")
    paula.fills(login="paula", password=PASSWORD)
    paula.presses("Inloggen")
    no_violation(paula, "second step")
    paula.presses("Verder met een passkey")
    paula.page.wait_for_url("**/mijn/gegevens/")

    # as the proof that it is still oneself, then rename and remove
    paula.opens("/account/2fa/webauthn/")
    paula.sees("Laatst gebruikt op")
    no_violation(paula, "passkeys")
    paula.page.get_by_role("link", name="Andere naam").click()
    paula.follows("Met een passkey")
    no_violation(paula, "is it you")
    paula.presses("Bevestigen met een passkey")
    paula.fills(name="Oude telefoon")
    paula.presses("Opslaan")
    paula.reads_heading("Oude telefoon")
    paula.page.get_by_role("link", name="Verwijderen").click()
    paula.presses("Passkey verwijderen")
    paula.sees("Je hebt geen passkeys.")

    # what is left on the device opens nothing
    paula.page.context.clear_cookies()
    paula.opens("/inloggen/")
    paula.presses("Inloggen met een passkey")
    paula.sees("Met deze passkey lukt het niet.")


def test_without_javascript_the_page_offers_the_other_ways(site, person):
    visitor = person(java_script_enabled=False)

    visitor.opens("/inloggen/")

    assert visitor.page.locator("noscript p").is_visible()
    assert (
        visitor.page.get_by_role("button", name="Inloggen met een passkey").count() == 0
    )


def test_who_calls_it_off_is_told_so_beside_the_button(site, person):
    visitor = person()
    cdp, authenticator = plug_in(visitor)
    cdp.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": authenticator, "isUserVerified": False},
    )

    visitor.opens("/inloggen/")
    visitor.presses("Inloggen met een passkey")

    visitor.sees("Dat is niet gelukt.")
    no_violation(visitor, "login with a passkey")
