"""All states of the pages."""

from typing import Final

from tests.e2e.states.document_states import DOCUMENT_STATES
from tests.e2e.states.history_states import HISTORY_STATES
from tests.e2e.states.page_states import PAGE_STATES
from tests.e2e.states.start_states import START_STATES
from tests.e2e.states.trouble_states import TROUBLE_STATES

STATES: Final = (
    *START_STATES,
    *DOCUMENT_STATES,
    *HISTORY_STATES,
    *TROUBLE_STATES,
    *PAGE_STATES,
)
