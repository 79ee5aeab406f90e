"""The channels' door: keep what came, answer as the channel demands, ring for a worker."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit import doorbell
from audit.actor import Actor, ActorKind
from payments.models import ChannelAccount
from payments.services import callbacks

APPLY = "payments.tasks.apply_callbacks"
LARGEST_BODY_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, channel: str, account_id: str) -> HttpResponse:
    """Acknowledged only when it is stored."""
    try:
        # Measured: what a header says of it is the sender's word.
        body = request.read(LARGEST_BODY_BYTES + 1)
    except UnreadablePostError:
        return HttpResponse(status=400)
    if len(body) > LARGEST_BODY_BYTES:
        return HttpResponse(status=413)
    try:
        answer = callbacks.receive(
            channel=channel,
            account_id=account_id,
            headers=dict(request.headers),
            body=body,
            by=Actor(
                kind=ActorKind.CHANNEL,
                id=account_id[:64],
                ip=request.META.get("REMOTE_ADDR", ""),
            ),
            now=timezone.now(),
        )
    except ChannelAccount.DoesNotExist:
        return HttpResponse(status=404)
    except (OperationalError, InterfaceError):
        # Not stored: every channel delivers again what was not acknowledged.
        return HttpResponse(status=503)
    doorbell.ring(APPLY)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
