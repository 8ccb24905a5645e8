"""The gateway's own settings, but for passwords: a hash that takes no time."""

from gateway.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
