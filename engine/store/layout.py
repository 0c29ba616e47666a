"""Where things lie in Redis: shards, key names, and the header of a stored contact (see lua/shared.lua)."""

from typing import Final
from zlib import crc32

from engine.domain.contact import Contact
from engine.domain.errors import StoreError
from engine.store.codec import CONTACT

FORMAT: Final = 1
META: Final = "prozvon:store"  # HASH shards, format: fixed when the store is first used
CAMPAIGNS: Final = "prozvon:campaigns"  # HASH campaign -> packed [definition, state]
BLOB: Final = "prozvon:blob:"
BUCKETS: Final = 4096  # per shard: small hashes are stored compactly


def root_of(shard: int) -> str:
    """The hash tag under which everything of a shard lives."""
    return f"{{s{shard:02d}}}"


def shard_of(identity: str, shards: int) -> int:
    """The shard of a person, a contact id or a phone number."""
    return crc32(identity.encode()) % shards


def bucket_of(identity: str, shards: int) -> int:
    return crc32(identity.encode()) // shards % BUCKETS


def stored_contact(contact: Contact) -> bytes:
    """Header lines that scripts read, then the packed contact."""
    for value in (contact.person_id, contact.campaign_id, contact.contact_id):
        if not value or "\n" in value:
            raise StoreError(
                f"contact id, person and campaign must be one line of text, not {value!r}", contact.contact_id
            )
    header = f"{contact.person_id}\n{contact.campaign_id}\n{contact.priority}\n"
    return header.encode() + CONTACT.pack(contact)


def read_contact(stored: bytes) -> Contact:
    return CONTACT.unpack(stored.split(b"\n", 3)[3])
