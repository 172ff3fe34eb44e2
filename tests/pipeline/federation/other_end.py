"""A neighbour's server that can be told to misbehave: real sockets, nothing pretended."""

from __future__ import annotations

import gzip
import hashlib
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OtherEnd:
    """What a server answers, by path, and what it was asked.

    Attributes
    ----------
    files
        ``{path: content}``, served with strong tags, conditions and ranges.
    manners
        ``{path: function(handler)}`` instead.
    asked
        ``(path, headers)`` of every request.
    """

    def __init__(self):
        self.files, self.manners, self.asked = {}, {}, []
        self.open_now = self.most_open = 0
        self.lock = threading.Lock()

    def paths(self):
        return [path for path, _ in self.asked]


def whole(handler, content, status=200, **headers):
    handler.send_response(status)
    for name, value in ({"Content_Length": str(len(content))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


def redirect(to):
    return lambda handler: whole(handler, b"", 302, Location=to)


def busy(seconds):
    return lambda handler: whole(handler, b"", 503, Retry_After=seconds)


def drip(handler):
    """Send a byte now and then, headers first, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(600):
        handler.wfile.write(b"X-A: b\r\n")
        handler.wfile.flush()
        time.sleep(0.1)


def drip_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def bomb(handler):
    whole(handler, gzip.compress(bytes(200 << 20)), Content_Encoding="gzip")


def promising_more(content):
    return lambda handler: whole(handler, content, Content_Length=str(len(content) + 1000))


def _handler(end):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with end.lock:
                end.asked.append((self.path, dict(self.headers)))
                end.open_now += 1
                end.most_open = max(end.most_open, end.open_now)
            try:
                self.answer()
            except OSError:
                self.close_connection = True
            finally:
                with end.lock:
                    end.open_now -= 1

        def answer(self):
            path = self.path.partition("?")[0]
            if path in end.manners or self.path in end.manners:
                self.close_connection = True
                end.manners.get(self.path, end.manners.get(path))(self)
                return
            content = end.files.get(self.path, end.files.get(path))
            if content is None:
                whole(self, b"", 404)
                return
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.end_headers()
                return
            asked = self.headers.get("Range")
            if asked and self.headers.get("If-Range") == tag:
                start = int(asked.removeprefix("bytes=").partition("-")[0])
                said = f"bytes {start}-{len(content) - 1}/{len(content)}"
                whole(self, content[start:], 206, ETag=tag, Content_Range=said)
                return
            whole(self, content, ETag=tag)

        def log_message(self, *words):
            pass

    return Handler


@contextmanager
def other_end(certificate=None):
    """Lend a running server: ``(what it answers, its address)``; by TLS with a certificate."""
    end = OtherEnd()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(end))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        scheme = "https" if certificate else "http"
        yield end, f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
