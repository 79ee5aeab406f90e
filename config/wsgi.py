"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config import boot, observability

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

observability.start()
application = get_wsgi_application()
boot.refuse_unfit_surroundings()
