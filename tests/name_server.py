"""A DNS server on a free port of 127.0.0.1 that knows the TXT records it is given."""

import socketserver
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    def __init__(self):
        self.records = {}
        self.silent = False
        owner = self

        class Answer(socketserver.BaseRequestHandler):
            def handle(self):
                packet, sock = self.request
                if not owner.silent:
                    sock.sendto(owner.answer(packet), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def answer(self, packet):
        query = dns.message.from_wire(packet)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        name = query.question[0].name
        text = self.records.get(name.to_text(omit_final_dot=True))
        if text is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            response.answer.append(
                dns.rrset.from_text(name, 60, "IN", "TXT", f'"{text}"')
            )
        return response.to_wire()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
