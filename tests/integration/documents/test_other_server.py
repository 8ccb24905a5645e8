"""The same on uvicorn, which streams bodies by itself."""

from pathlib import Path

from tusclient.client import TusClient

from deploy.local.redis import free_port
from tests.integration.documents.tus import BLOCK, ENDPOINT
from tests.live import Shop


def test_a_stock_client_sends_a_file_to_uvicorn(
    shop: Shop, uploads_root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "novel.txt"
    source.write_bytes(BLOCK * 100)
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port)]
    server = shop.new_gateway(
        "-m", "uvicorn", "gateway.asgi:application", *words, UPLOADS_ROOT=str(uploads_root)
    )
    server.port = port
    try:
        server.start()
        with source.open("rb") as stream:
            uploader = TusClient(server.url + ENDPOINT).uploader(file_stream=stream)
            uploader.upload()
        assert uploader.get_offset() == source.stat().st_size
    finally:
        server.stop()
