"""The gateway's settings, with values for tests where the environment gives none."""

import os

_FOR_TESTS = {
    "SECRET_KEY": "only-for-tests-" + "x" * 40,
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "HTTPS_ONLY": "false",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PROMO_SERVICE_URL": "http://promo.test",
    "RECCO_SERVICE_URL": "http://recco.test",
}
for _name, _value in _FOR_TESTS.items():
    os.environ.setdefault(_name, _value)

from gateway.settings import *  # noqa: E402, F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
