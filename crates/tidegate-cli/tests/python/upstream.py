"""A server that can be killed, and what it got is known all the same: the id of each request is in a file before the
request is answered.

Usage: python3 upstream.py FILE

Prints its address, then appends a line `METHOD ID` to FILE for each request.
"""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IDS = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        os.write(IDS, ("%s %s\n" % (self.command, self.headers["X-Id"])).encode())
        time.sleep(0.003)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Answering)
print("127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
