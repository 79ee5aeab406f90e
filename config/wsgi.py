"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.boot import refuse_unsafe_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()
refuse_unsafe_database()
