"""A timestamp authority on loopback: `openssl ts -reply` behind a small server."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proof.signers import Identity, identity, rsa_key

_CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/stamps.pem
signer_key = {folder}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
certs = {folder}/root.pem
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers timestamp queries; `answer` replaces what it says."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.root: Identity = identity("Time root", authority=True, key=rsa_key())
        self.pem = self.root.write(folder, "root")
        identity("Time", by=self.root, key=rsa_key(), stamps=True).write(folder, "stamps")
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(_CONFIGURATION.format(folder=folder))
        self._folder = folder
        self.answer: tuple[int, bytes] | None = None
        self.url = ""

    def stamped(self, query: bytes) -> bytes:
        (self._folder / "query").write_bytes(query)
        words = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "answer"]
        subprocess.run(words, cwd=self._folder, capture_output=True, check=True)
        return (self._folder / "answer").read_bytes()


@contextmanager
def serving(folder: Path) -> Iterator[Authority]:
    """The authority while it lasts."""
    authority = Authority(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = authority.answer or (200, authority.stamped(query))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/stamp"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
