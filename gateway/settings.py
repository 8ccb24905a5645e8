"""Every setting, and every environment variable, read once. Units stand in the names.

``.env.example`` explains each variable. A bad or missing one ends the start with one sentence.
"""

from pathlib import Path

from gateway.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
_env = Environment(dotenv=BASE_DIR / ".env")

# --- Who we are -------------------------------------------------------------------------------
SECRET_KEY = _env.secret("SECRET_KEY", at_least=32)
DEBUG = _env.flag("DEBUG", default=False)
ALLOWED_HOSTS = _env.names("ALLOWED_HOSTS")
HTTPS_ONLY = _env.flag("HTTPS_ONLY", default=True)
# Of which commit an image was made; a working copy knows by itself.
GATEWAY_COMMIT = _env.text("GATEWAY_COMMIT", "")
# Whether /compare/ is for everybody; else it is for staff, and for all where DEBUG is on.
COMPARE_PUBLIC = _env.flag("COMPARE_PUBLIC", default=False)

# --- What we ask ------------------------------------------------------------------------------
PROMO_SERVICE_URL = _env.service("PROMO_SERVICE_URL")
RECCO_SERVICE_URL = _env.service("RECCO_SERVICE_URL")
WEATHER_SERVICE_URL = _env.service("WEATHER_SERVICE_URL", "https://api.open-meteo.com")
AVATAR_SERVICE_URL = _env.service("AVATAR_SERVICE_URL", "https://www.gravatar.com")
# Which of weather, avatars and mail are stand-ins for the outside world: pages say so.
STANDINS = _env.names("STANDINS", default="")
REDIS_URL = _env.redis("REDIS_URL")
DATABASES = {"default": _env.database("DATABASE_URL")}
HTTP_TRANSPORT = _env.choice(
    "HTTP_TRANSPORT", "direct", ("direct", "aiohttp", "httpcore", "pyreqwest")
)

# --- How long, in seconds ---------------------------------------------------------------------
PAGE_BUDGET_SECONDS = _env.seconds("PAGE_BUDGET_SECONDS", 0.8)
PROMO_TIMEOUT_SECONDS = _env.seconds("PROMO_TIMEOUT_SECONDS", 0.4)
RECCO_TIMEOUT_SECONDS = _env.seconds("RECCO_TIMEOUT_SECONDS", 0.4)
MEMBERS_TIMEOUT_SECONDS = _env.seconds("MEMBERS_TIMEOUT_SECONDS", 0.3)
BOOKS_TIMEOUT_SECONDS = _env.seconds("BOOKS_TIMEOUT_SECONDS", 0.3)
WEATHER_TIMEOUT_SECONDS = _env.seconds("WEATHER_TIMEOUT_SECONDS", 0.6)
AVATAR_TIMEOUT_SECONDS = _env.seconds("AVATAR_TIMEOUT_SECONDS", 0.6)
PROMO_FRESH_SECONDS = _env.seconds("PROMO_FRESH_SECONDS", 30, zero=True)
RECCO_FRESH_SECONDS = _env.seconds("RECCO_FRESH_SECONDS", 30, zero=True)
WEATHER_FRESH_SECONDS = _env.seconds("WEATHER_FRESH_SECONDS", 600, zero=True)
AVATAR_FRESH_SECONDS = _env.seconds("AVATAR_FRESH_SECONDS", 600, zero=True)
STALE_SECONDS = _env.seconds("STALE_SECONDS", 3600, zero=True)
# Unless told otherwise no longer than the other parts of the home page: who switches those off
# wants to see the sources themselves.
ARRIVALS_FRESH_SECONDS = _env.seconds(
    "ARRIVALS_FRESH_SECONDS", min(PROMO_FRESH_SECONDS, RECCO_FRESH_SECONDS), zero=True
)
# So long a session that was ended elsewhere may still count here.
MEMBERS_FRESH_SECONDS = _env.seconds(
    "MEMBERS_FRESH_SECONDS", min(2.0, ARRIVALS_FRESH_SECONDS), zero=True
)

# --- How much ---------------------------------------------------------------------------------
MAX_BODY_BYTES = _env.number("MAX_BODY_BYTES", 1_048_576, lowest=1, highest=104_857_600)
# Threads for synchronous code inside async views: gateway/web/threads.py.
SYNC_THREADS = _env.number("SYNC_THREADS", 8, lowest=1, highest=100)
POSTGRES_POOL_SIZE = _env.number("POSTGRES_POOL_SIZE", 16, lowest=1, highest=500)

# --- Where we listen --------------------------------------------------------------------------
SERVER = _env.choice("SERVER", "daphne", ("daphne", "uvicorn"))
GATEWAY_HOST = _env.text("GATEWAY_HOST", "127.0.0.1")
GATEWAY_PORT = _env.number("GATEWAY_PORT", 8000, lowest=1, highest=65_535)
DRAIN_SECONDS = _env.seconds("DRAIN_SECONDS", 10)
NOTICE_SECONDS = _env.seconds("NOTICE_SECONDS", 0, zero=True)

# --- Where traces go, if anywhere -----------------------------------------------------------------
# OpenTelemetry reads its variables itself; what would be passed over in silence ends the start.
OTEL_EXPORTER_OTLP_ENDPOINT = _env.service("OTEL_EXPORTER_OTLP_ENDPOINT", "")
OTEL_EXPORTER_OTLP_PROTOCOL = _env.choice(
    "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", ("http/protobuf",)
)
OTEL_TRACES_SAMPLER = _env.choice(
    "OTEL_TRACES_SAMPLER",
    "parentbased_always_on",
    (
        *("always_on", "always_off", "traceidratio"),
        *("parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"),
    ),
)

# What visitors upload; every replica must see the same folder.
UPLOADS_ROOT = _env.text("UPLOADS_ROOT", str(BASE_DIR / ".local" / "uploads"))
# One manuscript, and all together; for how long an upload may say nothing, and take altogether.
MANUSCRIPT_MAX_BYTES = _env.number(
    "MANUSCRIPT_MAX_BYTES", 104_857_600, lowest=1, highest=1_073_741_824
)
MANUSCRIPTS_QUOTA_BYTES = _env.number(
    "MANUSCRIPTS_QUOTA_BYTES", 10_737_418_240, lowest=1, highest=2**53
)
MANUSCRIPT_IDLE_SECONDS = _env.seconds("MANUSCRIPT_IDLE_SECONDS", 8)
MANUSCRIPT_PATCH_SECONDS = _env.seconds("MANUSCRIPT_PATCH_SECONDS", 900)
MANUSCRIPT_KEPT_SECONDS = _env.seconds("MANUSCRIPT_KEPT_SECONDS", 86_400)
STATIC_ROOT = _env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
EMAIL = _env.email("EMAIL_URL", "consolemail://")
_env.judge()

# --- Mail -------------------------------------------------------------------------------------
globals().update({name: value for name, value in EMAIL.items() if name.startswith("EMAIL_")})
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _env.text("EMAIL_FROM", "Foolscap <shop@foolscap.example>")

# --- Django -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",  # first, so that `manage.py runserver` is Daphne's
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "gateway.web",
    "gateway.members",
    "gateway.storefront",
    "gateway.tour",
    "gateway.chat",
    "gateway.documents",
    "gateway.giftwrap",
    "gateway.contracts",
    "gateway.ops",
    "django_tasks",
    "django_tasks_db",
]
# Each of these runs on the event loop, without a thread: see gateway/web/inline.py.
MIDDLEWARE = [
    "gateway.web.middleware.RequestFacts",
    "gateway.web.middleware.PageHeaders",
    "gateway.web.inline.Security",
    "gateway.web.inline.Sessions",
    "gateway.web.middleware.Recording",
    "gateway.web.inline.Common",
    "gateway.web.inline.Csrf",
    "gateway.web.inline.Authentication",
    "gateway.web.inline.Messages",
]
ROOT_URLCONF = "gateway.urls"
ASGI_APPLICATION = "gateway.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES["default"] |= {
    "CONN_MAX_AGE": 0,  # under ASGI a kept connection belongs to no request
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),
        "connect_timeout": 2,
        # For what runs through Django itself (the admin, signing in); pages set their own.
        "options": "-c statement_timeout=5000",
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "members.Member"
CSRF_FAILURE_VIEW = "gateway.web.errors.csrf_failure"
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# The session lies in a signed cookie, so that a page knows who is asking before it asks anybody:
# docs/decisions/0005-signed-cookie-sessions.md.
SESSION_ENGINE = "gateway.web.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_HTTPONLY = True

SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
# Our edge overwrites this header, so that no visitor can set it; without an edge it says nothing.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
# Django looks for its own middleware by name, and does not see that ours inherits from it.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 10

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

# Work that must not be lost lies in Postgres and is done by `manage.py db_worker`.
TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "mail"]},
}
CHANNEL_LAYERS = {
    "default": {
        # Not the core layer: that one drops messages in silence past its capacity.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING_CONFIG = "gateway.telemetry.logs.configure"
LOGGING = {"level": "DEBUG" if DEBUG else "INFO"}
