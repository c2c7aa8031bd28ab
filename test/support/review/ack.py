"""One durable line for each request, acknowledged only when it is: GET /ack.php?kind=file&n=1, as the page of the failover tests answers.

Usage: ack.py FOLDER, which must be there. What goes wrong answers 503 with the reason.
"""
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

NODE = socket.gethostname()
LOG = os.path.join(sys.argv[1], NODE + ".log")


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        number = int(parse_qs(urlparse(self.path).query).get("n", ["0"])[0])
        try:
            # A file of the node's own: nothing here locks what both nodes would append to. The folder is not made here: a line below a mount
            # that is gone would be nobody's.
            file = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, b"%d %s\n" % (number, NODE.encode()))
                os.fsync(file)
            finally:
                os.close(file)
            code, words = 200, "ok " + NODE
        except OSError as error:
            code, words = 503, str(error)
        self.send_response(code)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words.encode())

    def log_message(self, *_):
        """Visitors say themselves what they were answered."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


Server(("", 80), Page).serve_forever()
