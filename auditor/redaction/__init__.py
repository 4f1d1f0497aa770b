"""People's names and addresses out of a snapshot, stable pseudonyms in their place.

So that evidence can leave the company: what rules compare stays comparable, and who has the key can tell
again who is meant. Pure: snapshot and key in, snapshot out.
"""

from auditor.redaction.redaction import Redaction, key_id, redact
from auditor.redaction.text import addresses_in

__all__ = ["Redaction", "addresses_in", "key_id", "redact"]
