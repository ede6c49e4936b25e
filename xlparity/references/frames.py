"""How messages between xlparity and the process of a reference begin."""

from struct import Struct

REQUEST = Struct("<Q")
"""The length of the request."""

ANSWER = Struct("<16sQQ")
"""The token of the process, and the lengths of the answer's JSON and of its bytes."""
