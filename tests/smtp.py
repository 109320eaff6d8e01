"""A mail server that keeps what it gets, and can be told to be difficult."""

import asyncio
import socket
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller


class Server:
    """Set `answer` to what it says to a mail, `before_answer` to what happens first."""

    def __init__(self):
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"
        self.hang_up = False
        self.before_answer = lambda: None
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope):
        if self.hang_up:
            server.transport.close()
            await asyncio.sleep(0)
            return "421 gone"
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=default)
            self.messages.append(mail)
        await asyncio.to_thread(self.before_answer)
        return self.answer

    def start(self):
        self._controller.start()

    def stop(self):
        self._controller.stop()

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
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def text(message):
    return message.get_body(("plain",)).get_content()


def link(message):
    """The private address that stands in the mail."""
    return next(word for word in text(message).split() if word.startswith("http"))
