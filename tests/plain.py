"""For whoever asks a server of the tests: all of them speak plain http, on this machine."""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What httpx wants as ``verify``. Without it every client reads the authorities' certificates, and
that takes longer than most of what is asked; this one knows nobody."""
