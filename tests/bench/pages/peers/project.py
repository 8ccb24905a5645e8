"""What ``startproject`` makes, in one module: its settings, and the addresses of the two services.

No database is asked: a session and a user are only fetched where somebody looks at them.
"""

import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings

PROMO = os.environ["PROMO_URL"] + "/v1/promotions"
RECCO = os.environ["RECCO_URL"] + "/v1/recommendations"


def set_up(urls: str) -> None:
    """Configure Django with the middleware of a new project, and ``urls`` as its addresses."""
    settings.configure(
        SECRET_KEY="only-for-a-comparison",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).with_name("templates")],
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    django.setup(set_prefix=False)


def context(promo: Any, recco: Any) -> dict[str, Any]:
    """Return what the template is given: JSON as it came, which nobody has looked at."""
    return {"promo": promo, "books": recco["items"]}
