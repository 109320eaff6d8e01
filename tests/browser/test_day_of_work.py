"""A day of work: what came in overnight and during the day, and how three colleagues
work it off, from their start pages. Each function is a chapter and needs those before it.
"""

import pytest
from playwright.sync_api import expect

from tests import smtp
from tests.browser.conftest import HAS_FAILED, whole_portal
from tests.browser.day import INVOICE, Applicant, Colleague

PLANTS = [
    *("Aronskelk", "Boterbloem", "Cichorei", "Dotterbloem", "Egelantier", "Framboos"),
    *("Gember", "Hulst", "Iris", "Jasmijn", "Klimop", "Lavendel", "Munt", "Narcis"),
    *("Orchidee", "Papaver", "Reseda", "Salie", "Tijm", "Ulmus", "Veldsla", "Wilg"),
    *("Yucca", "Zuring"),
]
COMMON = PLANTS[6:17]  # nothing remarkable: they become customers
SIGNED = [
    *COMMON,
    "Aronskelk",
    "Boterbloem",
    "Cichorei",
    "Dotterbloem",
]  # on their page
SILENT = ["Salie", "Tijm"]  # got the contract, and send nothing back
FRAUD = "Aronskelk Nederland"
LOOKED_AT = "De naam is die van het Handelsregister"
CAME_BACK = "Elke pagina is terug en getekend"
TYPED_WRONG, MEANT = "Hizzaardrelaan 3", "Hizzaarderlaan 3"
NOT_ALL = "Nog niet alles van de controlelijst is afgevinkt."
ASKED = "Waarvoor ga je de API's gebruiken?"
WAITS = "Wacht op jouw groep"


@pytest.fixture(scope="module")
def site():
    yield from whole_portal()


@pytest.fixture(scope="module")
def applicants(chromium, site):
    """All 25, by name; each with a browser of its own."""
    changes = {
        "Boterbloem": {"street": TYPED_WRONG},
        "Veldsla": {"purpose": "Weet ik nog niet."},
    }
    people = {
        plant: Applicant(
            chromium,
            site,
            f"Kwekerij {plant}",
            f"9210{number:04}",
            **(INVOICE if number % 2 else {}),
            **changes.get(plant, {}),
        )
        for number, plant in enumerate(PLANTS)
    }
    people[FRAUD] = Applicant(
        chromium,
        site,
        "Kwekerij Aronskelk",
        people["Aronskelk"].changes["kvk_number"],
        domain="aronskelk-nederland.example",
        iban="NL20INGB0001234567",
        key_name="Spoed",
    )
    assert len(people) == 25
    yield people
    for one in people.values():
        one.context.close()


@pytest.fixture(scope="module")
def staff(chromium, site):
    people = {name: Colleague(chromium, site) for name in ("inge", "coen", "sara")}
    for name, one in people.items():
        one.begins(name)
    yield people
    for one in people.values():
        one.context.close()
    assert [one.complaints for one in people.values() if one.complaints] == []


@pytest.fixture
def inge(staff):
    return staff["inge"]


@pytest.fixture
def coen(staff):
    return staff["coen"]


@pytest.fixture
def sara(staff):
    return staff["sara"]


@pytest.fixture(autouse=True)
def _last_seen(staff, request):
    """What each of them saw last, when a chapter fails."""
    yield
    if request.node.stash.get(HAS_FAILED, False):
        for name, one in staff.items():
            print(f"{name} at {one.page.url}\n{one.page.inner_text('body')}\n")


def before_opening_the_desk_is_set_up(inge, coen):
    for stage, text in [("verstuurd", LOOKED_AT), ("goedgekeurd", CAME_BACK)]:
        coen.adds("Punten van de controlelijst")
        choice = coen.page.get_by_label("Wanneer").locator("option", has_text=stage)
        coen.page.get_by_label("Wanneer").select_option(choice.get_attribute("value"))
        coen.page.get_by_label("Wat is nagekeken?").fill(text)
        coen.presses("Opslaan")
        coen.is_told("toegevoegd")
    inge.adds("Standaardantwoorden")
    inge.fills(
        name="Geen organisatie",
        text_nl="Beste {contactpersoon}, wij leveren niet aan {organisatie}.",
        text_en="Dear {contactpersoon}, we do not serve {organisatie}.",
    )
    inge.page.get_by_label("Waarvoor").select_option(label="Afwijzen")
    inge.presses("Opslaan")
    inge.is_told("toegevoegd")


def overnight_applications_came_in_through_the_form(applicants, inge, coen, sara):
    applicants["Zuring"].fills_in("apis", "organisatie")  # and went to bed
    overnight = [p for p in PLANTS if p not in ("Zuring", "Cichorei")]
    for plant in overnight:
        applicants[plant].applies()
    for plant in overnight:
        if plant in ("Dotterbloem", "Yucca"):
            applicants[plant].reads("is ontvangen")  # and looked no further
        else:
            applicants[plant].confirms()
    applicants["Wilg"].withdraws()

    inge.goes_to_start()
    assert inge.numbers(WAITS) == {
        "Ingediend en bevestigd": 19,
        "E-mailadres niet bevestigd": 2,
        "Wacht te lang op ons": 0,
        "Van mij": 0,
        "Van niemand": 19,
    }
    assert inge.numbers("Vandaag")["Ingediend"] == 21
    sara.goes_to_start()
    assert sara.section(WAITS).locator("tbody tr").count() == 2
    assert coen.first_waiting() is None


def support_sends_a_new_link_to_who_could_not_confirm(applicants, sara):
    lost = applicants["Dotterbloem"]
    old = lost.link
    sara.goes_to_start()
    sara.searches(lost.mailbox)  # who tells by telephone
    assert sara.listed() == [lost.name]
    sara.follows(lost.reference)
    expect(sara.act("Overeenkomst versturen")).to_have_count(0)
    sara.does("Nieuwe persoonlijke link sturen")

    lost.confirms("Nieuwe link")
    assert lost.context.request.get(old).status == 404

    sara.follows_number("E-mailadres niet bevestigd")
    assert sara.listed() == ["Kwekerij Yucca"]


def intake_begins_for_who_calls_and_the_caller_completes(applicants, inge):
    caller = applicants["Cichorei"]
    inge.follows_number("Ingediend en bevestigd")
    inge.follows("Aanvraag beginnen voor wie belt")
    inge.page.get_by_label("Naam van de organisatie").fill(caller.name)
    inge.page.get_by_label("KVK-nummer").fill(caller.changes["kvk_number"])
    inge.page.get_by_label("E-mailadres van de beller").fill(caller.mailbox)
    inge.presses("Beginnen en mailen")
    inge.is_told(f"gemaild naar {caller.mailbox}")
    assert caller.name not in inge.listed()  # the caller's, until it is sent in

    assert caller.goes_on_from("Maak je aanvraag af") == "/aanvragen/apis/"
    begun = caller.context.request.get("/aanvragen/organisatie/").text()
    assert caller.name in begun
    caller.applies()
    caller.confirms()

    inge.follows_number("Ingediend en bevestigd")
    assert caller.name in inge.listed()
    assert len(inge.listed()) == 21


def intake_takes_some_from_the_list_and_hands_one_over(applicants, inge, coen):
    inge.follows_number("Van niemand")
    for plant in ("Papaver", "Ulmus", "Veldsla"):
        row = inge.page.get_by_role("row", name=applicants[plant].reference)
        row.get_by_role("checkbox").check()
    inge.page.get_by_label("Actie:").select_option(label="Oppakken")
    inge.presses("Uitvoeren")
    inge.is_told("Je behandelt nu 3 aanvragen.")
    assert len(inge.listed()) == 18  # the filter stands

    inge.follows_number("Van mij")
    assert inge.listed() == [f"Kwekerij {p}" for p in ("Papaver", "Ulmus", "Veldsla")]
    inge.follows(applicants["Papaver"].reference)
    inge.follows("Toewijzen")
    inge.page.get_by_label("Collega").select_option(label="Coen (coen)")
    inge.confirms("Toewijzen")
    inge.sees("Coen behandelt deze aanvraag.")
    inge.goes_back_to("Aanvragen")
    assert inge.listed() == ["Kwekerij Ulmus", "Kwekerij Veldsla"]  # as it was

    coen.goes_to_start()
    assert coen.numbers(WAITS)["Van mij"] == 1


def intake_works_off_what_waits(applicants, inge):
    decides = {"Boterbloem": corrects, "Ulmus": turns_down, "Veldsla": asks_for_more}
    handled = []
    while name := inge.first_waiting():
        assert name not in handled
        handled.append(name)
        plant = name.split()[-1]
        decides.get(plant, sends_contract)(inge, applicants[plant])

    named = [*SIGNED, *SILENT, "Egelantier", "Framboos", "Ulmus", "Veldsla"]
    assert sorted(handled) == sorted(f"Kwekerij {plant}" for plant in named)
    assert inge.numbers(WAITS)["Ingediend en bevestigd"] == 0
    assert inge.numbers("Vandaag")["Overeenkomst verstuurd"] == 19


def sends_contract(inge, applicant):
    if applicant.name.endswith("Aronskelk"):  # once without looking
        inge.follows("Overeenkomst versturen")
        inge.presses("Overeenkomst versturen")
        inge.page.get_by_role("alert").get_by_text(NOT_ALL).wait_for()
        inge.follows("Controlelijst afvinken")
        inge.ticks()
    else:
        inge.follows("Controlelijst afvinken")
        inge.ticks()
    inge.confirms("Overeenkomst versturen")


def corrects(inge, applicant):
    """And the tick made before does not count for what was corrected."""
    inge.follows("Controlelijst afvinken")
    inge.ticks()
    inge.goes_back_to("AV-")
    inge.follows("Typefout verbeteren")
    field = inge.page.get_by_label("Wat is verkeerd getypt?")
    street = field.locator("option", has_text=TYPED_WRONG).first
    field.select_option(street.get_attribute("value"))
    inge.page.get_by_label("Wat moet er staan?").fill(MEANT)
    inge.page.get_by_label("Waarom?").fill("Zo heet de straat.")
    inge.confirms("Typefout verbeteren")
    expect(inge.section("Controlelijst")).to_contain_text("nog niet")
    sends_contract(inge, applicant)


def turns_down(inge, applicant):
    inge.follows("Afwijzen")
    inge.page.get_by_label("Standaardantwoord").select_option(label="Geen organisatie")
    inge.presses("Tekst overnemen")
    taken = f"Beste Katrien Duck, wij leveren niet aan {applicant.name}."
    expect(inge.page.get_by_label("Reden")).to_have_value(taken)
    inge.confirms("Afwijzen")


def asks_for_more(inge, applicant):
    inge.follows("Aanvulling vragen")
    inge.page.get_by_label(ASKED).check()
    inge.page.get_by_label("Waarom?", exact=True).fill("Vertel wat je gaat opzoeken.")
    inge.confirms("Aanvulling vragen")


def signed_contracts_come_back_by_page_post_and_mail(applicants, inge, coen):
    by_post, by_mail = applicants["Egelantier"], applicants["Framboos"]
    for one in [*(applicants[plant] for plant in SIGNED), by_post, by_mail]:
        one.receives_contract()
    registers(coen, by_mail, by_mail.signed(pages=1))
    registers(inge, by_post, by_post.signed())
    for plant in SIGNED:
        applicants[plant].returns(applicants[plant].signed())

    expect(inge.act("Goedkeuren")).to_have_count(0)
    inge.goes_to_start()
    assert inge.numbers("Vandaag")["Overeenkomst retour"] == 17


def registers(colleague, applicant, scan):
    colleague.finds(applicant)
    colleague.follows("Overeenkomst ontvangen")
    colleague.page.get_by_label("Scan van de ondertekende").set_input_files(scan)
    colleague.confirms("Overeenkomst ontvangen")


def who_registered_a_contract_cannot_approve_it_and_asks_anew(applicants, coen):
    by_mail = applicants["Framboos"]
    coen.finds(by_mail)
    expect(coen.act("Goedkeuren")).to_have_count(0)
    coen.sees("Een ander keurt haar goed.")
    coen.follows("Bekijk het naast wat wij stuurden")
    coen.reloads_until("Hier ontbreekt: pagina")
    coen.goes_back_to("AV-")
    coen.does("Opnieuw laten ondertekenen", Reden="Alleen de eerste pagina is terug.")

    asked = by_mail.reads("opnieuw")
    assert "Alleen de eerste pagina is terug." in smtp.text(asked)
    by_mail.returns(by_mail.signed())
    coen.page.reload()
    expect(coen.act("Goedkeuren")).to_be_visible()


def contract_management_works_off_what_came_back(site, applicants, coen):
    coen.goes_to_start()
    assert coen.numbers(WAITS)["Overeenkomst retour"] == 17
    approved = []
    while name := coen.first_waiting():
        assert name not in approved
        if not approved:
            coen.follows("Goedkeuren")
            coen.presses("Goedkeuren")
            coen.page.get_by_role("alert").get_by_text(NOT_ALL).wait_for()
            coen.goes_back_to("AV-")
        coen.follows("Controlelijst afvinken")
        coen.ticks()
        coen.confirms("Goedkeuren")
        approved.append(name)

    named = [*SIGNED, "Egelantier", "Framboos"]
    assert sorted(approved) == sorted(f"Kwekerij {plant}" for plant in named)
    for plant in named:
        site.mail.wait_for(applicants[plant].administrator, "is beschikbaar")


def a_fraud_is_found_beside_what_the_customer_said(applicants, inge, coen):
    fraud = applicants[FRAUD]
    fraud.applies()
    fraud.confirms()

    inge.follows_number("Ingediend en bevestigd")
    inge.chooses_filter("KVK-nummer", "Van een klant")
    assert inge.listed() == [fraud.name]
    inge.chooses_filter("KVK-nummer", "Nieuw")
    assert inge.listed() == []
    inge.chooses_filter("KVK-nummer", "Van een klant")
    inge.follows(fraud.reference)
    inge.sees("Er is al een klant met dit KVK-nummer")
    known = inge.section("Deze klant kennen we")
    expect(known).to_contain_text(applicants["Aronskelk"].mailbox)
    expect(known).to_contain_text(fraud.mailbox)
    expect(known).not_to_contain_text("NL91")  # accounts are for who sees mandates
    alike = inge.section("Lijkt op")
    expect(alike).to_contain_text("Hetzelfde KVK-nummer")
    expect(alike).to_contain_text(applicants["Aronskelk"].reference)
    inge.does(
        "Notitie schrijven", Notitie="@coen ander mailadres. Ook andere rekening?"
    )

    coen.goes_to_start()
    coen.clicks(coen.section("Collega's vragen je").get_by_role("link"))
    coen.sees("Ook andere rekening?")
    account = coen.section("Deze klant kennen we").get_by_role("row", name="IBAN")
    expect(account).to_contain_text("NL20")
    expect(account).to_contain_text("NL91")
    coen.does("Notitie schrijven", Notitie="@inge ja. Ik belde: zij vroegen niets aan.")
    coen.does("Notities gelezen")
    coen.goes_to_start()
    expect(coen.section("Collega's vragen je")).to_have_count(0)

    inge.goes_to_start()
    inge.clicks(inge.section("Collega's vragen je").get_by_role("link"))
    inge.sees("zij vroegen niets aan")
    inge.does("Notities gelezen")
    inge.does("Afwijzen", Reden="Deze organisatie heeft niets bij ons aangevraagd.")


def at_the_end_of_the_day_nothing_waits_and_every_number_stands(
    applicants, inge, coen, sara
):
    for colleague in (inge, coen):
        assert colleague.first_waiting() is None
    assert sara.first_waiting() == "Kwekerij Yucca"
    inge.goes_to_start()
    assert inge.numbers("Vandaag") == {
        "Ingediend": 1,
        "Aanvulling gevraagd": 1,
        "Overeenkomst verstuurd": 2,
        "Overeenkomst retour": 0,
        "Goedgekeurd": 17,
        "Ingetrokken": 1,
        "Afgewezen": 2,
        "Verlopen": 0,
    }
    for what, plants in [
        ("Aanvulling gevraagd", ["Veldsla"]),
        ("Overeenkomst verstuurd", SILENT),
        ("Ingetrokken", ["Wilg"]),
        ("Afgewezen", ["Ulmus", "Aronskelk"]),
    ]:
        inge.follows_number(what, "Vandaag")
        assert inge.listed() == sorted(f"Kwekerij {plant}" for plant in plants)
    inge.chooses_filter("status", "Wacht op de aanvrager")
    assert len(inge.listed()) == 3
    inge.chooses_filter("status", "Alle")
    assert len(inge.listed()) == 24
    inge.searches("Zuring")
    assert inge.listed() == []  # a draft is the applicant's own


def what_applicants_read_at_the_end_of_the_day(site, applicants):
    corrected = applicants["Boterbloem"]
    told = smtp.text(site.mail.wait_for(corrected.mailbox, "een typefout verbeterd"))
    assert f"Er stond: {TYPED_WRONG}" in told
    assert f"Er staat nu: {MEANT}" in told
    assert "Zo heet de straat." in told
    for plant, reason in [
        ("Ulmus", "Beste Katrien Duck, wij leveren niet aan Kwekerij Ulmus."),
        (FRAUD, "Deze organisatie heeft niets bij ons aangevraagd."),
    ]:
        refused = applicants[plant].reads("is afgewezen")
        assert reason in smtp.text(refused)
        with applicants[plant].status_page() as page:
            expect(page.get_by_text("Waarom we de aanvraag hebben")).to_be_visible()
            expect(page.get_by_text(reason)).to_be_visible()
            expect(page.get_by_text("@coen")).to_have_count(0)
    with corrected.status_page() as page:
        page.get_by_text("Toon je gegevens").click()
        expect(page.get_by_text(MEANT, exact=True).first).to_be_visible()
    with applicants["Veldsla"].status_page() as page:
        expect(page.get_by_text("Vertel wat je gaat opzoeken.")).to_be_visible()
    with applicants["Yucca"].status_page() as page:
        expect(page.get_by_text("Bevestig je e-mailadres").first).to_be_visible()
    customer = applicants["Aronskelk"]
    to_customer = [m for m in site.mail.messages if customer.administrator in m["To"]]
    assert len(to_customer) == 1  # who claimed to be them got nowhere near


def test_a_day_of_work(site, applicants, inge, coen, sara):
    before_opening_the_desk_is_set_up(inge, coen)
    overnight_applications_came_in_through_the_form(applicants, inge, coen, sara)
    support_sends_a_new_link_to_who_could_not_confirm(applicants, sara)
    intake_begins_for_who_calls_and_the_caller_completes(applicants, inge)
    intake_takes_some_from_the_list_and_hands_one_over(applicants, inge, coen)
    intake_works_off_what_waits(applicants, inge)
    signed_contracts_come_back_by_page_post_and_mail(applicants, inge, coen)
    who_registered_a_contract_cannot_approve_it_and_asks_anew(applicants, coen)
    contract_management_works_off_what_came_back(site, applicants, coen)
    a_fraud_is_found_beside_what_the_customer_said(applicants, inge, coen)
    at_the_end_of_the_day_nothing_waits_and_every_number_stands(
        applicants, inge, coen, sara
    )
    what_applicants_read_at_the_end_of_the_day(site, applicants)
