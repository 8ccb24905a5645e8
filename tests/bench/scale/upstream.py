"""An upstream that says so many items as it is asked for; for fewer than none it takes its time."""

import asyncio
import json
import sys
from functools import cache
from urllib.parse import parse_qs, urlsplit

import uvloop

PATH = "/v1/items"
LATE_SECONDS = 60.0


@cache
def reply(items: int, call: int) -> bytes:
    """Return the whole reply, head and body. Another ``call`` is told something else."""
    said = [
        {
            "id": number,
            "title": f"The {number}th of them all",
            "text": f"Some words that stand here so that there are some, {call}.",
            "price": "8.99",
        }
        for number in range(items)
    ]
    body = json.dumps({"items": said}).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    ) % (len(body), body)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the questions of one connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            asked = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
            items = int(asked.get("items", ["0"])[0])
            if items < 0:
                await asyncio.sleep(LATE_SECONDS)
            writer.write(reply(max(0, items), int(asked.get("call", ["0"])[0])))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
