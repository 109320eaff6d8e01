"""Who take part in a day of work: applicants by script, colleagues in a browser."""

import io
import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import pikepdf
from playwright.sync_api import expect

from tests import smtp
from tests.applications.filling import CHECK, FOLLOWED_BY, SENT, TYPED
from tests.browser.conftest import PASSWORD, Person

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
TERMS = re.compile(r'name="terms" value="(\d+)"')
REFERENCE = re.compile(r"AV-\w{4}-\w{4}")
INVOICE = {"payment_method": "invoice", "iban": "", "account_holder": ""}


class Applicant:
    """Fills the real form in by script, and reads the mail."""

    def __init__(self, chromium, site, name, kvk_number, domain=None, **changes):
        self.site, self.name, self.reference = site, name, None
        self.context = chromium.new_context(base_url=site.url, locale="nl-NL")
        word = name.split()[-1].lower()
        domain = domain or f"{word}.example"
        self.mailbox = f"contact@{domain}"
        self.administrator = f"beheer@{domain}"
        self.changes = {
            "kvk_number": kvk_number,
            "name": name,
            "rsin": "",
            "contract_email": self.mailbox,
            "account_email": self.administrator,
            "username": domain.partition(".")[0],
            "invoice_email": f"facturen@{domain}",
            "account_holder": name,
            **changes,
        }

    def fills_in(self, *steps):
        for step in steps or TYPED:
            own = {k: v for k, v in self.changes.items() if k in TYPED[step]}
            went = self._posts(f"/aanvragen/{step}/", **TYPED[step] | own)
            assert went == f"/aanvragen/{FOLLOWED_BY[step]}/"

    def sends(self):
        """Agree with the terms on the page, and press the button."""
        terms = TERMS.search(self.context.request.get(CHECK).text())[1]
        assert self._posts(CHECK, terms=terms, consent="on") == SENT

    def applies(self):
        self.fills_in()
        self.sends()

    def reads(self, subject):
        """The newest mail about this, and from now on its link."""
        mail = self.site.mail.wait_for(self.mailbox, subject)
        self.reference = REFERENCE.search(mail["Subject"])[0]
        self.link = urlsplit(smtp.link(mail)).path
        return mail

    def confirms(self, subject="is ontvangen"):
        self.reads(subject)
        assert self._posts(f"{self.link}bevestigen/", on=self.link) == self.link

    def goes_on_from(self, subject):
        """Take the draft up again that somebody of the staff began."""
        link = urlsplit(smtp.link(self.site.mail.wait_for(self.mailbox, subject))).path
        return self._posts(link)

    def withdraws(self):
        assert self._posts(f"{self.link}intrekken/") == self.link

    def receives_contract(self):
        attached = self.reads("Je overeenkomst").iter_attachments()
        self.contract = next(
            part.get_content()
            for part in attached
            if part.get_filename().endswith("-overeenkomst.pdf")
        )

    def signed(self, pages=None):
        """The contract as a scan of its signed copy: other bytes, and maybe not all of it."""
        scan = io.BytesIO()
        with pikepdf.open(io.BytesIO(self.contract)) as document:
            copy = pikepdf.new()
            copy.pages.extend(list(document.pages)[:pages])
            copy.save(scan)
        return {
            "name": "getekend.pdf",
            "mimeType": "application/pdf",
            "buffer": scan.getvalue(),
        }

    def returns(self, scan):
        where = f"{self.link}overeenkomst/"
        assert self._posts(where, on=self.link, contract=scan) == self.link

    @contextmanager
    def status_page(self):
        """What the private link shows now."""
        page = self.context.new_page()
        page.goto(self.link)
        yield page
        page.close()

    def _posts(self, address, *, on=None, **answers):
        """Send the form of a page as a browser does; the path that it leads to."""
        page = self.context.request.get(on or address)
        answers["csrfmiddlewaretoken"] = TOKEN.search(page.text())[1]
        kind = "multipart" if "contract" in answers else "form"
        sent = {kind: {k: _one(v) for k, v in answers.items()}, "max_redirects": 0}
        answer = self.context.request.post(address, **sent)
        assert answer.status == 302, f"{self.name}: {address} said {answer.text()}"
        return answer.headers["location"]


def _one(value):
    return value[0] if isinstance(value, list) else value


class Colleague(Person):
    """One of the staff, who begins on the start page and goes where its links lead."""

    def clicks(self, control):
        """Every link and button here leads to a page; that page is there afterwards."""
        with self.page.expect_navigation():
            control.click()

    def presses(self, name):
        self.clicks(self.page.get_by_role("button", name=name, exact=True))

    def follows(self, name):
        self.clicks(self.page.get_by_role("link", name=name).first)

    def begins(self, username):
        self.opens("/beheer/")
        self.fills(login=username, password=PASSWORD)
        self.clicks(self.page.locator("main form button:not([type=button])").first)
        self.reads_heading("Wacht op jouw groep")

    def goes_to_start(self):
        self.follows("Beheer van het portaal")
        self.reads_heading("Wacht op jouw groep")

    def goes_back_to(self, name):
        """By the trail at the top of the page."""
        trail = self.page.locator(".breadcrumbs")
        self.clicks(trail.get_by_role("link", name=name))

    def section(self, heading):
        named = self.page.get_by_role("heading", name=heading, exact=True)
        return self.page.locator("section").filter(has=named)

    def numbers(self, heading):
        """What the start page counts under a heading."""
        shown = self.section(heading).locator(".staff-numbers a").all_inner_texts()
        return {what: int(n) for n, what in (one.split(" ", 1) for one in shown)}

    def follows_number(self, what, heading="Wacht op jouw groep"):
        """From the start page to the list behind one of its numbers."""
        self.goes_to_start()
        named = re.compile(rf"\d+ {what}$")
        self.clicks(self.section(heading).get_by_role("link", name=named))

    def adds(self, what):
        """The form for one more of these, from the start page."""
        self.goes_to_start()
        row = self.page.locator("#content-main").get_by_role("row", name=what)
        self.clicks(row.get_by_role("link", name="Toevoegen"))

    def listed(self):
        """The organisations in the list that is shown."""
        shown = self.page.locator("#result_list .field-organisation").all_inner_texts()
        return sorted(shown)

    def chooses_filter(self, of, choice):
        group = self.page.locator("#changelist-filter details").filter(has_text=of)
        self.clicks(group.get_by_role("link", name=choice, exact=True))

    def searches(self, words):
        """In the box of the page: of the list, or of the start page."""
        self.page.locator("main [name=q]").fill(words)
        self.presses("Zoeken")

    def first_waiting(self):
        """Open what waits longest; the name of the organisation, or None."""
        self.goes_to_start()
        waiting = self.section("Wacht op jouw groep")
        rows = waiting.locator("tbody tr")
        if rows.count() == 0:
            expect(waiting).to_contain_text("Er wacht geen aanvraag op je.")
            return None
        name = rows.first.locator("td").first.inner_text()
        self.clicks(rows.first.get_by_role("link"))
        self.reads_heading(name)
        return name

    def finds(self, applicant):
        """The page of one application, by its reference, from the start page."""
        self.goes_to_start()
        self.searches(applicant.reference)
        self.follows(applicant.reference)
        self.reads_heading(applicant.name)

    def act(self, name):
        return self.page.get_by_role("link", name=name, exact=True)

    def does(self, name, **fields):
        """Choose an act on the page, fill in its form by label, and confirm it."""
        self.follows(name)
        self.confirms(name, **fields)

    def confirms(self, name, **fields):
        self.reads_heading(name)
        for label, value in fields.items():
            self.page.get_by_label(label, exact=True).fill(value)
        self.presses(name)
        self.is_told(f"Gedaan: {name}.")

    def reloads_until(self, words):
        """The worker looks into files that came back, in its own time."""
        for _attempt in range(60):
            if self.page.get_by_text(words).count():
                return
            self.page.reload()
        self.sees(words)

    def is_told(self, words):
        expect(self.page.locator(".messagelist")).to_contain_text(words)

    def ticks(self):
        """The whole checklist, on its form."""
        self.reads_heading("Controlelijst afvinken")
        for box in self.page.get_by_role("group").get_by_role("checkbox").all():
            box.check()
        self.presses("Controlelijst afvinken")
        self.is_told("Gedaan: Controlelijst afvinken.")
