"""Start the face service: ``python flask_run.py``, or ``gunicorn -k gevent flask_run:app``."""

if __name__ == "__main__":
    # Before anything else is imported; gunicorn's gevent worker does the same by itself.
    from gevent import monkey

    monkey.patch_all()

import sys

from face_service.errors import SettingsError
from face_service.logs import configure_logging
from face_service.settings import Settings
from face_service.web.app import create_app
from face_service.web.server import serve, start_engine_on_first_request

try:
    settings = Settings.from_environment()
except SettingsError as error:
    sys.exit(f"error: {error.message}")

configure_logging(settings.log_level, settings.log_format)
app = create_app(settings)

if __name__ == "__main__":
    sys.exit(serve(app, settings))

start_engine_on_first_request(app)
