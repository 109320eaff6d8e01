"""A mail server that keeps what it gets, and refuses when told to."""

import email
import email.policy
import socket
import time

from aiosmtpd.controller import Controller


class Sink:
    """What arrived, the newest last; `refuse_with` is the answer to every recipient."""

    def __init__(self):
        self.messages = []
        self.refuse_with = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse_with:
            return self.refuse_with
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        self.messages.append(message)
        return "250 OK"

    def wait_for(self, to, subject, seconds=20):
        """The newest mail to this reader whose subject holds these words."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for message in reversed(self.messages):
                if to in message["To"] and subject in message["Subject"]:
                    return message
            time.sleep(0.1)
        got = [(message["To"], message["Subject"]) for message in self.messages]
        raise AssertionError(f"no mail to {to} about {subject!r}; got {got}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start():
    """A running server, its sink in .handler; stop it with .stop()."""
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    return controller


def text(message):
    return message.get_body(("plain",)).get_content()


def link(message):
    """The private address that stands in the mail."""
    return next(line for line in text(message).split() if line.startswith("http"))
