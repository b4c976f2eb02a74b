"""The Celery application."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, task_postrun, task_prerun

from core.tasks.beat import Beat
from core.tasks.stopping import end_in_time
from core.web import request_ids

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("pointerscope")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.Beat = app.subclass_with_self(Beat)
celeryd_init.connect(end_in_time)


@setup_logging.connect
def log_as_set(**_: Any) -> None:
    """Apply LOG_LEVEL and LOG_FORMAT; Celery would use the level of its `-l` option."""
    from django.conf import settings
    from django.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@celeryd_init.connect
@beat_init.connect
def wait_for_broker(**_: Any) -> None:
    """Give worker and Beat a patient broker connection.

    The settings' own options suit web: half a second and no retry, because a request waits for it.
    A worker's blocking read lasts a second, so half a second would break every read.
    """
    from django.conf import settings

    app.conf.broker_transport_options = settings.PATIENT_TRANSPORT_OPTIONS


@task_prerun.connect
def renew_connections(**_: Any) -> None:
    """Close expired and broken connections, and health-check the rest, as before a request."""
    from django.db import close_old_connections

    close_old_connections()


@task_prerun.connect
def take_request_id(task: Any = None, **_: Any) -> None:
    """Log a task under the id of the request that queued it; Beat's tasks have none."""
    request_ids.current.set(getattr(task.request, "request_id", None) or "")


@task_postrun.connect
def forget_request_id(**_: Any) -> None:
    request_ids.current.set("")
