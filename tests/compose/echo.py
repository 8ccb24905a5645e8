"""A gateway that tells what reached it: run in a container behind a real edge.

It is run from its text alone, so it imports the standard library and nothing of ours.
"""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Answers any path with the request as JSON, but for those that misbehave."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell what came."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep({"/hang": 30, "/books/?slow": 0.6, "/?slow": 0.6}.get(self.path, 0))
        told = {"path": self.path, "headers": self.headers.items(), "length": len(body)}
        reply = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        if self.path.startswith(("/art/", "/books/", "/kept-nowhere")):
            self.send_header("Cache-Control", "public, max-age=60")
        if self.path == "/steer":
            self.send_header("X-Accel-Redirect", "/_edge/refused.html")
        self.end_headers()
        self.wfile.write(reply)

    do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server looks for


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 512
    daemon_threads = True


if __name__ == "__main__":
    Server(("", 8000), Echo).serve_forever()
