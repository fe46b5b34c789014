"""`/api/documents/{document}/links` and `/api/links/redeem`: share links.

The secret of a link travels behind the `#` of an address, which browsers send to no server; a page
exchanges it here for a role.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.audit.audit_kind import LINK_CREATED, LINK_REDEEMED, LINK_REVOKED
from app.http.access import BackendOf, ManageableOf, PrincipalOf, StateOf, problems
from app.http.noting import NotingOf
from app.http.people_access import keep_guest
from app.http.share_schema import CreatedLink, Link, LinkList, NewLink, RedeemedLink, Redemption
from app.identity.guest import new_guest
from app.identity.open_mode import NAME_HEADER
from app.service import sharing
from storage.access.access_record import LinkRecord
from sync.shells.clock import now_ms
from sync.wire.event import timestamp

router = APIRouter(tags=["sharing"])

LinkId = Annotated[str, Path(alias="link", pattern=r"^[0-9a-f]{16}$")]


@router.get("/api/documents/{document}/links", responses=problems(403, 404))
async def list_links(grant: ManageableOf, backend: BackendOf) -> LinkList:
    """List the share links of a document that are not revoked."""
    links = await sharing.list_links(backend, grant)
    return LinkList(links=[_link(each) for each in links])


@router.post("/api/documents/{document}/links", status_code=201, responses=problems(403, 404, 429))
async def create_link(
    new: NewLink, grant: ManageableOf, backend: BackendOf, state: StateOf, note: NotingOf
) -> CreatedLink:
    """Make a share link. Its address, with the secret in it, is shown this once."""
    link, secret = await sharing.create_link(backend, grant, new.role, new.expires_at_ms)
    note(LINK_CREATED, grant.document, link=link.id, role=link.role)
    url = f"{state.settings.public_root}/l#{secret}"
    return CreatedLink(url=url, **_link(link).model_dump())


@router.delete(
    "/api/documents/{document}/links/{link}",
    status_code=204,
    response_class=Response,
    responses=problems(403, 404),
)
async def revoke_link(
    link_id: LinkId, grant: ManageableOf, backend: BackendOf, note: NotingOf
) -> Response:
    """Revoke a share link. The roles that it gave end, on open sockets too."""
    await sharing.revoke_link(backend, grant, link_id)
    note(LINK_REVOKED, grant.document, link=link_id)
    return Response(status_code=204)


@router.post("/api/links/redeem", responses=problems(403, 404, 429))
async def redeem_link(
    redemption: Redemption,
    principal: PrincipalOf,
    backend: BackendOf,
    state: StateOf,
    request: Request,
    response: Response,
) -> RedeemedLink:
    """Take the role that a share link gives. Who has no identity yet becomes a guest.

    In open mode that is whoever gives no name, too: all of them are one user, to whom the document
    would be open.
    """
    address = "" if request.client is None else request.client.host
    state.people.redemptions.count(address)
    is_nameless = principal.kind == "named" and NAME_HEADER not in request.headers
    if not principal.is_proven or is_nameless:
        guest = new_guest(None, now_ms())
        keep_guest(state, request, response, guest)
        principal = state.people.guests.principal(guest)
    redeemed = await sharing.redeem_link(backend, principal, redemption.secret)
    # Not by `NotingOf`: whoever asked as nobody is a guest by now.
    backend.audit.note(
        LINK_REDEEMED,
        principal,
        address,
        redeemed.document,
        link=redeemed.link_id,
        role=redeemed.role,
    )
    return RedeemedLink(document=redeemed.document, role=redeemed.role)


def _link(link: LinkRecord) -> Link:
    ends_ms = link.expires_at_ms
    return Link(
        id=link.id,
        role=link.role,
        created_at=timestamp(link.created_at_ms),
        expires_at=None if ends_ms is None else timestamp(ends_ms),
        expired=ends_ms is not None and ends_ms <= now_ms(),
    )
