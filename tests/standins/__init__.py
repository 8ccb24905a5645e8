"""Stand-ins for the outside world: weather, avatars and a mail server, as one small application.

``python -m tests.standins`` starts it; the environment says where it listens (``HOST``, ``PORT``,
``SMTP_PORT``; 0 picks a free port). It needs starlette, uvicorn and aiosmtpd, writes no file, and
knows nothing of the gateway. What it says is made up, but always the same for the same question.
"""
