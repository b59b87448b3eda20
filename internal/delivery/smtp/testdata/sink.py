# A mail server by aiosmtpd: STARTTLS and a log-in are required. Prints its port, then each message as a line of JSON.
# Arguments: certificate and key in PEM.
import asyncio, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if address.startswith("later@"):
            return "450 4.2.0 greylisted, try again in 60 seconds"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "message": envelope.content.decode(),
                          "hello": session.host_name}), flush=True)
        return "250 2.0.0 taken"


def log_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"carpel" and data.password == "geheim ✓".encode(), handled=False)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), tls_context=context, require_starttls=True, authenticator=log_in,
                                                   auth_required=True, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until the test ends


asyncio.run(main())
