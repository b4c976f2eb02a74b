"""Every setting of Pointerscope, typed and checked at start.

Operators set values in the environment or in `.env`; docs/settings.md explains each. All faults are
reported together, before anything starts.
"""

import os
import warnings
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from environs import EnvValidationError, FileAwareEnv, validate
from pythonjsonlogger.core import RESERVED_ATTRS

from core.environment.rules import (
    A_HOST,
    A_NAME,
    A_PATH,
    A_SITE,
    AN_ADDRESS,
    AN_ORIGIN,
    check_network,
    check_outside,
    validate_each,
)
from core.environment.sources import load_environment, say_faults, stop
from core.environment.unknown import find_unknown
from core.values.durations import check_ladder, format_duration, parse_ladder
from core.web.security_headers import content_policy, share_tracker

BASE_DIR = Path(__file__).resolve().parent.parent

_dotenv = load_environment(checkout=BASE_DIR)
# SECRET_KEY_FILE names a file that contains the SECRET_KEY; every setting has such a variant.
env = FileAwareEnv(eager=False, strip_whitespace=True)

SECRET_KEY = env.str("SECRET_KEY", validate=validate.Length(min=32))
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], validate=validate_each(A_HOST)
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list(
    "CSRF_TRUSTED_ORIGINS", [], validate=validate_each(AN_ORIGIN)
)
HTTPS = env.bool("HTTPS", False)
HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0, max=10))
PROBE_PORT = env.int("PROBE_PORT", 0, validate=validate.Range(min=0, max=65535))
LOGIN_ATTEMPTS = env.int("LOGIN_ATTEMPTS", 5, validate=validate.Range(min=1, max=100))
LOGIN_ATTEMPTS_PER_ADDRESS = env.int(
    "LOGIN_ATTEMPTS_PER_ADDRESS", 20, validate=validate.Range(min=1)
)
LOGIN_COOLOFF_MINUTES = env.int("LOGIN_COOLOFF_MINUTES", 15, validate=validate.Range(min=1))
LOG_LEVEL = env.str(
    "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
)
LOG_FORMAT = env.str("LOG_FORMAT", "line", validate=validate.OneOf(["line", "json"]))
METRICS_DIR = env.str("METRICS_DIR", "")
_networks = env.list(
    "OPERATOR_NETWORKS", ["127.0.0.0/8", "::1"], validate=validate_each(check_network)
)

DATABASE = env.dj_db_url(
    "DATABASE_URL",
    engine="timescale.db.backends.postgresql",
    conn_max_age=60,
    conn_health_checks=True,
)
REPLICA = env.str("REPLICA_URL", "") and env.dj_db_url(
    "REPLICA_URL",
    engine="timescale.db.backends.postgresql",
    conn_max_age=60,
    conn_health_checks=True,
)
DATABASE_OWNER = env.str("DATABASE_OWNER_URL", "") and env.dj_db_url(
    "DATABASE_OWNER_URL", engine="timescale.db.backends.postgresql"
)
REDIS_URL = env.str("REDIS_URL", validate=validate.Regexp(r"^(rediss?|unix)://"))

RAW_RETENTION_DAYS = env.int("RAW_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=3650))
STATUS_RETENTION_DAYS = env.int(
    "STATUS_RETENTION_DAYS",
    90,
    validate=validate.Range(min=(RAW_RETENTION_DAYS or 0) + 1, max=3660),
)
COMPRESS_AFTER_DAYS = env.int("COMPRESS_AFTER_DAYS", 1, validate=validate.Range(min=0))
RUNGS = env.str("RUNGS", "1s,10s,1m,1h", validate=check_ladder)
MAX_PAGES = env.int("MAX_PAGES", 10_000, validate=validate.Range(min=1, max=1_000_000))
SITES: list[str] = env.list("SITES", [], validate=validate_each(A_SITE))
ROLLUP_SHARDS = env.int("ROLLUP_SHARDS", 2, validate=validate.Range(min=1, max=64))
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 5.0, validate=validate.Range(min=0.5, max=60))
ANALYST_MINUTES = env.int("ANALYST_MINUTES", 15, validate=validate.Range(min=1, max=1440))
BEAT_PULSE = env.str("BEAT_PULSE", "")
STREAM_URL = (env.str("STREAM_URL", "", validate=AN_ADDRESS) or "").rstrip("/")
PORT = env.int("PORT", 8000, validate=validate.Range(min=1, max=65535))
SERVICE_URL = (env.str("SERVICE_URL", "", validate=AN_ADDRESS) or "").rstrip("/")
SERVICE_URL = SERVICE_URL or f"http://127.0.0.1:{PORT}"
STREAM_TICKET_SECONDS = env.int("STREAM_TICKET_SECONDS", 300, validate=validate.Range(min=10))
BASE_PATH = (env.str("BASE_PATH", "", validate=A_PATH) or "").strip("/")
OUTSIDE: list[Callable[[str], Any]] = [A_NAME, check_outside(BASE_PATH)]
TRACKER_PATH = env.str("TRACKER_PATH", "", validate=OUTSIDE)
API_PREFIX = env.str("API_PREFIX", "", validate=OUTSIDE)
BASE_PATH = f"/{BASE_PATH}" if BASE_PATH else ""
FLUSH_INTERVAL_MS = env.int("FLUSH_INTERVAL_MS", 250, validate=validate.Range(min=50, max=10_000))

AT_LEAST_ONE = validate.Range(min=1)
LOG_ON_PER_MINUTE = env.int("LOG_ON_PER_MINUTE", 300, validate=AT_LEAST_ONE)
INSTANCES_PER_DAY_PER_ADDRESS = env.int(
    "INSTANCES_PER_DAY_PER_ADDRESS", 10_000, validate=AT_LEAST_ONE
)
INSTANCES_PER_DAY_OF_ALL = env.int("INSTANCES_PER_DAY_OF_ALL", 100_000, validate=AT_LEAST_ONE)
BATCHES_PER_MINUTE = env.int("BATCHES_PER_MINUTE", 1200, validate=AT_LEAST_ONE)
EVENTS_PER_MINUTE = env.int("EVENTS_PER_MINUTE", 120_000, validate=validate.Range(min=1000))
# The rate of ten instances that never rest, or of a hundred people; two cores can store it.
EVENTS_PER_MINUTE_PER_ADDRESS = env.int(
    "EVENTS_PER_MINUTE_PER_ADDRESS",
    10 * (EVENTS_PER_MINUTE or 1000),
    validate=validate.Range(min=1000),
)
EVENTS_PER_MINUTE_OF_ALL = env.int(
    "EVENTS_PER_MINUTE_OF_ALL", 20 * (EVENTS_PER_MINUTE or 1000), validate=validate.Range(min=1000)
)
READS_PER_MINUTE = env.int("READS_PER_MINUTE", 600, validate=AT_LEAST_ONE)
WEB_THREADS = env.int("WEB_THREADS", 4, validate=validate.Range(min=1, max=64))
COSTLY_READS = env.int("COSTLY_READS", 2, validate=validate.Range(min=1, max=64))
EXPORTS = env.int("EXPORTS", 4, validate=validate.Range(min=1, max=64))

try:
    env.seal()
except EnvValidationError as error:
    stop(say_faults(cast(dict, error.error_messages)))
# Logged when a process starts, and reported by `manage.py doctor`.
UNKNOWN_SETTINGS = list(find_unknown(known=env.dump(), dotenv=_dotenv, environment=os.environ))

RUNGS_MS = parse_ladder(RUNGS)
SITES = [site.strip().lower() for site in SITES]
OPERATOR_NETWORKS = [ip_network(network.strip()) for network in _networks]

INSTALLED_APPS = [
    "analytics",
    "dashboard",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "axes",
    "csp",
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
    "core.web.request_ids.request_ids",
    "core.metrics.count_requests",
    "core.web.caching.private_by_default",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.web.security_headers.permissions_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "core.web.hostile_values.HostileValues",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "dashboard.instances.passwords.refuse_while_busy",
]
ROOT_URLCONF = "core.urls"
TEST_RUNNER = "core.tests.isolation.Runner"
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

# A request waits for the database for a few seconds at most; the worker's transactions have limits
# of their own (analytics/rollups/drain.py). Behind a pooler the database role carries them
# (docs/scaling.md).
SESSION_SETTINGS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    # A plan over sixty chunks looks costly enough for JIT: half a second for a query of 10 ms.
    "jit": "off",
}
# The server notices a lost connection within ten seconds, and then releases a drain's locks. The
# client notices it within five, so that a request does not hang.
SERVER_PATIENCE = {
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
CLIENT_PATIENCE = {
    "connect_timeout": 2,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # A batch may wait for two lost connections, its group's and then its thread's.
    "tcp_user_timeout": 5_000,
}


def _limited(database: dict[str, Any], session: dict[str, str]) -> dict[str, Any]:
    options = {
        **database.get("OPTIONS", {}),
        **CLIENT_PATIENCE,
        "application_name": "pointerscope",
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
    }
    return {**database, "OPTIONS": options}


DATABASES = {"default": _limited(DATABASE, SESSION_SETTINGS | SERVER_PATIENCE)}
DATABASE_ROUTERS = ["core.storage.replica.Router"]
if REPLICA:
    # Read-only even if the address is another primary's by mistake.
    reading = SESSION_SETTINGS | SERVER_PATIENCE | {"default_transaction_read_only": "on"}
    DATABASES["replica"] = {**_limited(REPLICA, reading), "TEST": {"MIRROR": "default"}}
if DATABASE_OWNER:
    # The same database under its current name, for commands that create roles.
    owner = _limited(DATABASE_OWNER, SESSION_SETTINGS) | {"NAME": DATABASE["NAME"]}
    DATABASES["owner"] = {**owner, "TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = ["core.formats"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

PASSWORD_HASHERS = ["dashboard.instances.passwords.Hasher"]

# After wrong passwords, the lock applies to the name and address together, so that nobody can lock
# others out from elsewhere. After many more, for any names, it applies to the address. The database
# stores it, so that it does not depend on Redis.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "live"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "dashboard.access.lockout.Attempts"
AXES_CLIENT_IP_CALLABLE = "dashboard.access.lockout.caller_address"
AXES_USERNAME_CALLABLE = "dashboard.access.lockout.caller_name"
AXES_LOCKOUT_CALLABLE = "dashboard.access.lockout.answer_locked_out"
AXES_FAILURE_LIMIT = LOGIN_ATTEMPTS
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_COOLOFF_MINUTES)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# A log of all logins and their addresses is not needed.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE_PATH}/"
if BASE_PATH:
    # Another application on the host may have cookies of Django's usual names for all paths.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "pointerscope_session", "pointerscope_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [rf"^({BASE_PATH[1:]}/)?(healthz|readyz|metrics)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS and HSTS_PRELOAD
# Preloading binds a whole domain for years, so its owner must choose it with HSTS_PRELOAD.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

# All that the service says of itself begins with it, whether the proxy passes it on or cuts it off
# (core/web/aliases.py).
FORCE_SCRIPT_NAME = BASE_PATH or None
STATIC_URL = f"{BASE_PATH}/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
# Without collectstatic, files are served from their sources, and STATIC_ROOT may be missing.
WHITENOISE_USE_FINDERS = True
warnings.filterwarnings("ignore", "No directory at", UserWarning)
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ADD_HEADERS_FUNCTION = share_tracker
# The chart library comes from its CDN. The copy that set-up fetches with npm serves machines
# without internet; without npm it is absent.
CHART_LOCAL_DIR = BASE_DIR / "node_modules" / "apexcharts" / "dist"
STATICFILES_DIRS = [("vendor", CHART_LOCAL_DIR)] if CHART_LOCAL_DIR.is_dir() else []
CHART_CDN_URL = "https://cdn.jsdelivr.net/npm/apexcharts@4.7.0/dist/apexcharts.min.js"
CHART_CDN_INTEGRITY = "sha384-Hf0cGsweCbozkRP14s5KIue6STJYKaoipB/i1gTdbX+umKD59qA/Szk42FPMuKtB"
CONTENT_SECURITY_POLICY = content_policy(chart_url=CHART_CDN_URL, stream_url=STREAM_URL)

# The limits of the wire format, which are the same for every installation.
MAX_BODY_BYTES = 256 * 1024
MAX_BATCH_EVENTS = 1000
# The tracker fills batches up to this, below the 64 KiB that a browser sends for a closing page.
TRACKER_BATCH_BYTES = 48 * 1024
IDLE_GAP_MS = 250
POLL_INTERVAL_MS = 1000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["core.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.bodies.JsonBytesParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.rendering.Negotiation",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "dashboard.instances.authentication.ApiKeyAuthentication",
        "dashboard.instances.authentication.WriteTokenAuthentication",
        "dashboard.instances.authentication.ShareAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "core.api.answers.answer_problem",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ProblemSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pointerscope",
    "DESCRIPTION": "Where pointers are, stored exactly once, and how they move.",
    "VERSION": "1",
    # msgspec writes JSON Schema, as OpenAPI 3.1 uses it.
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVERS": [{"url": BASE_PATH}] if BASE_PATH else [],
    # PATCH requires all fields of its struct, so there is no separate variant.
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "TAGS": [
        {"name": "browsers", "description": "Instances log on and off, are listed and erased."},
        {"name": "events", "description": "Samples: batches in, pages and files out."},
        {"name": "scenes", "description": "What samples lie on, and a site's own marks."},
        {"name": "measures", "description": "Research measures of movement, from raw samples."},
        {
            "name": "pages",
            "description": "Pages, maps of where pointers were on them, and their hours.",
        },
        {"name": "studies", "description": "Studies, their trials, and the paths of trials."},
        {"name": "statuses", "description": "Velocity and distance over time."},
        {"name": "time", "description": "The server's clock."},
    ],
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# A hint is worthless once a sweep has run. Tasks are acknowledged early: the outbox guarantees the
# work, so a redelivered hint would only repeat it.
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
# Celery would close the database connection around each task. A new session has empty caches, so a
# drain of milliseconds took tens of them. Django limits a connection's age (core/celery.py).
CELERY_DB_REUSE_MAX = 10**12
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_CONSUMER = "core.tasks.consumer:Consumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 1
# For publishers in a request: at most 0.5 s (measured) if Redis hangs. Worker and Beat use the
# patient options (core/celery.py).
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
PATIENT_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "health_check_interval": 5,
}
CELERY_BEAT_SCHEDULER = "core.tasks.scheduler:Scheduler"
# Beat checks its schedule at least this often, so that a short sweep period is kept.
CELERY_BEAT_MAX_LOOP_INTERVAL = SWEEP_SECONDS
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "analytics.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        # An outage must not leave thousands of sweeps in the queue.
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    # Each rung's job runs twice per bucket length, but at least every five minutes.
    **{
        f"climb {format_duration(rung)}": {
            "task": "analytics.tasks.sweep",
            "args": [rung],
            "schedule": min(rung / 2000, 300),
            "options": {"expires": min(rung / 1000, 300)},
        }
        for rung in RUNGS_MS[1:]
    },
    "roll up large buckets": {
        "task": "analytics.tasks.roll_up_large",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "map heat": {
        "task": "analytics.tasks.map_heat",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "make trials": {
        "task": "analytics.tasks.make_trials",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "retain": {
        "task": "analytics.tasks.retain",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "end tokens": {
        "task": "analytics.tasks.end_tokens",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "end long analyses": {
        "task": "analytics.tasks.end_long_analyses",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "note departures": {
        "task": "dashboard.tasks.note_departures",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "clear sessions": {
        "task": "dashboard.tasks.clear_sessions",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request id": {"()": "core.web.request_ids.AddRequestId"}},
    "formatters": {
        "line": {
            "()": "core.logs.LineFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s%(bracketed_id)s: %(message)s",
        },
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s %(process)d",
            "timestamp": "time",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "reserved_attrs": [*RESERVED_ATTRS, "bracketed_id"],
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request id"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # uvicorn, the server of web and live, has its own handlers and levels. Its access log must be
    # named, because this configuration resets each child of a logger in it.
    "loggers": {
        **{
            name: {"handlers": [], "propagate": True, "level": LOG_LEVEL}
            for name in ("uvicorn", "uvicorn.error")
        },
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}
