"""What the `bad` and `ok` examples of checks are made of: digests, and moments around the sound event they differ from.

The sound event itself stands in tests/sound.py.
"""

import base64
import hashlib

MOMENT = 1_760_000_000
"""`event_time` of the sound event, Unix seconds."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fbp(made: int, number: int = 1098115397) -> str:
    """A browser id made at `made` (Unix seconds)."""
    return f"fb.1.{made}123.{number}"


def fbc(made: int, click: str = "") -> str:
    """A click id made at `made` (Unix seconds)."""
    return f"fb.1.{made}456.{click or CLICK}"


CLICK = "IwY2xjawNRabcDEFghiJKLmnopQRS-tuvWXyz_0123456789_aem_Zk3Qd8"
EMAIL = sha256("mette.holm@shop.example.com")
PHONE = sha256("4520123456")
SOME = sha256("some value")
MD5 = "9e107d9d372bb6826bd81d3542a419d6"
SHA1 = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
SHA224 = "730e109bd7a8a32b1cb9d9a09aa2325d2430587ddbc0c38bad911525"
SHA512 = hashlib.sha512(b"some value").hexdigest()
BASE64 = base64.b64encode(hashlib.sha256(b"some value").digest()).decode()
APPENDIX = ".AQQCAQMC"
"""What Meta's Parameter Builder adds to a value it has handled."""
