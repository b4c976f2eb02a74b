"""Every setting of Pointerscope, typed and checked at boot.

What an operator may change is read from the environment (or `.env`); docs/settings.md explains
each. All faults are reported together, before anything starts.
"""

import warnings
from pathlib import Path
from typing import cast

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError, validate

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env(eager=False)
env.read_env(BASE_DIR / ".env", recurse=False)

SECRET_KEY = env.str("SECRET_KEY", validate=validate.Length(min=32))
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
LOG_LEVEL = env.str(
    "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
)

DATABASE = env.dj_db_url(
    "DATABASE_URL",
    engine="timescale.db.backends.postgresql",
    conn_max_age=60,
    conn_health_checks=True,
)
REDIS_URL = env.str("REDIS_URL", validate=validate.Regexp(r"^(rediss?|unix)://"))

RAW_RETENTION_DAYS = env.int("RAW_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=3650))
ROLLUP_SHARDS = env.int("ROLLUP_SHARDS", 4, validate=validate.Range(min=1, max=1024))
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 5.0, validate=validate.Range(min=0.5, max=60))
FLUSH_INTERVAL_MS = env.int("FLUSH_INTERVAL_MS", 250, validate=validate.Range(min=50, max=10_000))

try:
    env.seal()
except EnvValidationError as error:
    faults = "; ".join(
        f"{name}: {' '.join(why)}" for name, why in cast(dict, error.error_messages).items()
    )
    raise ImproperlyConfigured(
        f"Pointerscope cannot start. {faults} (docs/settings.md explains each setting)"
    ) from None

INSTALLED_APPS = [
    "analytics",
    "dashboard",
    "rest_framework",
    "django_celery_beat",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Static files come from WhiteNoise under runserver too, as in production.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "core.urls"
WSGI_APPLICATION = "core.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# A request waits for the database for seconds at most; the worker's transactions set limits of
# their own (analytics/rollups.py).
DATABASES = {
    "default": {
        **DATABASE,
        "OPTIONS": {
            **DATABASE.get("OPTIONS", {}),
            "connect_timeout": 2,
            "application_name": "pointerscope",
            "options": "-c statement_timeout=5s -c lock_timeout=2s"
            " -c idle_in_transaction_session_timeout=10s",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
# Without collectstatic files are served from where they lie; the folder is not missed then.
WHITENOISE_USE_FINDERS = True
warnings.filterwarnings("ignore", "No directory at", UserWarning)
WHITENOISE_AUTOREFRESH = DEBUG
# The chart library comes from its CDN; the copy that set-up fetched with npm serves a machine
# without internet, and is absent where there was no npm.
CHART_LOCAL_DIR = BASE_DIR / "node_modules" / "apexcharts" / "dist"
STATICFILES_DIRS = [("vendor", CHART_LOCAL_DIR)] if CHART_LOCAL_DIR.is_dir() else []
CHART_CDN_URL = "https://cdn.jsdelivr.net/npm/apexcharts@4.7.0/dist/apexcharts.min.js"
CHART_CDN_INTEGRITY = "sha384-Hf0cGsweCbozkRP14s5KIue6STJYKaoipB/i1gTdbX+umKD59qA/Szk42FPMuKtB"

# The wire's limits, the same everywhere and therefore no one's to change.
MAX_BODY_BYTES = 256 * 1024
MAX_BATCH_EVENTS = 1000
# What the tracker fills a batch up to: under the 64 KiB that a browser lets a leaving page send.
TRACKER_BATCH_BYTES = 48 * 1024
IDLE_GAP_MS = 250
POLL_INTERVAL_MS = 1000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "dashboard.authentication.WriteTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "core.problems.answer_problem",
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# A hint is worthless once a sweep has passed; early acknowledgement, because the outbox is the
# guarantee and a redelivered hint would only repeat work.
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 1
# For publishers in a request: measured at most 0.5 s where Redis hangs. Worker and Beat take the
# patient ones (core/celery.py).
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
PATIENT_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "health_check_interval": 5,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Beat looks at its schedule at least this often, so that a short sweep period is kept.
CELERY_BEAT_MAX_LOOP_INTERVAL = SWEEP_SECONDS
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "analytics.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        # An outage must not leave thousands of sweeps in the queue.
        "options": {"expires": 2 * SWEEP_SECONDS},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
