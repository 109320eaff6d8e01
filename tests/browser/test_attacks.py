"""Two who approve at the same moment, and an approval that dies half-way."""

from tests.browser.conftest import run_in_site

READY = """
from accounts.models import User
from applications.models import Application, Status
from applications.services import drafting, following, handling
from portal.management.world import ANSWERS

def ready(number):
    '''An application whose contract came back, drawn up by Inge.'''
    inge = User.objects.get(username="inge")
    application = drafting.begin(language="nl", from_address="test")
    email = f"race{number}@example.com"
    drafting.save_answers(application, {
        **ANSWERS, "kvk_number": f"{number:08}", "name": f"Test BV {number}",
        "legal_form": "private_company", "contract_name": "Rens Race",
        "contract_email": email, "account_name": "Rens Race", "account_email": email,
        "invoice_email": email, "username": f"race-{number}",
    })
    drafting.submit(application, terms=drafting.terms_in_force(), language="nl")
    following.confirm_email(application)
    handling.send_contract(application, by=inge)
    handling.register_return(application, by=inge)
    return application
"""
RACE = """
import threading
from collections import Counter
from django.db import connection
from organisations.models import Organisation

approvers = [User.objects.get(username="coen"), User.objects.get(username="cora")]

def approve(pk, by, start, results):
    application = Application.objects.get(pk=pk)
    start.wait()
    try:
        handling.approve(application, by=by)
        results.append("approved")
    except Exception as refusal:
        results.append(type(refusal).__name__)
    finally:
        connection.close()

for number in range(1000, 1050):
    application = ready(number)
    start, results = threading.Barrier(2), []
    both = [threading.Thread(target=approve, args=(application.pk, by, start, results))
            for by in approvers]
    [thread.start() for thread in both]
    [thread.join() for thread in both]
    keys = Organisation.objects.get(kvk_number=f"{number:08}").api_keys.count()
    print(sorted(results), keys)
"""
CRASH = """
import os
from django.db import connection
from accounts.models import User, Username
from apikeys.models import ApiKey
from applications.models import Contract
from mail.models import Message
from organisations.models import Membership, Organisation

coen = User.objects.get(username="coen")
application = ready(2000)

def rows():
    counted = (Organisation, Membership, User, ApiKey, Contract, Message)
    status = Application.objects.get(pk=application.pk).status
    return [status, *[model.objects.count() for model in counted]]

def die_at(statement):
    '''Approve in a process that is gone before its so-many-eth statement.'''
    seen = 0
    def count(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == statement:
            os._exit(9)
        return execute(sql, params, many, context)
    with connection.execute_wrapper(count):
        handling.approve(application, by=coen)
    os._exit(0)

before, deaths = rows(), 0
while True:
    connection.close()
    connection.close_pool()  # its threads would not be in the child
    child = os.fork()
    if not child:
        die_at(deaths + 1)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    after = rows()
    if not killed:
        break
    deaths += 1
    assert after == before, f"half an approval after statement {deaths}: {after}"
print(deaths, before, after)
"""


def test_two_approvers_at_once_release_one_key_fifty_times(site):
    add = "from accounts.models import User; User.objects.create_user('cora', 'c@b.example')"
    run_in_site(site, add)

    rounds = run_in_site(site, READY + RACE).splitlines()

    assert rounds == ["['WrongState', 'approved'] 1"] * 50


def test_an_approval_that_dies_leaves_all_of_it_or_nothing(site):
    deaths, outcome = run_in_site(site, READY + CRASH).split(maxsplit=1)

    assert int(deaths) > 30
    assert "'approved'" in outcome


def test_intake_that_sent_the_contract_cannot_approve_it(site):
    script = """
application = ready(3000)
inge = User.objects.get(username="inge")
try:
    handling.approve(application, by=inge)
except handling.SamePerson:
    print("refused by the service")
from django.db import IntegrityError
from django.utils import timezone
try:
    Application.objects.filter(pk=application.pk).update(
        status=Status.APPROVED, decided_by=inge, decided_at=timezone.now())
except IntegrityError as refusal:
    print("application_approved_by_another" in str(refusal))
"""
    assert run_in_site(site, READY + script).split("\n")[:2] == [
        "refused by the service",
        "True",
    ]
